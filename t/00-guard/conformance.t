# docs/conformance.md: every line names tests, and they are there.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(slurp top);

my (@bare, @absent, $lines);
for (split /\n/, slurp('docs/conformance.md')) {
    my ($line, $tests) = /^\| (.+) \| ([^|]*) \|$/ or next;
    next if $line eq 'line';
    $lines++;
    my @tests = $tests =~ /`([^`]+)`/g;
    push @bare, $line if !@tests;
    push @absent, grep { !-f top() . "/$_" } @tests;
}
ok($lines, 'there are lines');
is_deeply(\@bare, [], 'each names a test');
is_deeply(\@absent, [], 'each test is there');
done_testing();
