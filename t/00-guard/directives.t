# Every directive is documented twice (reference configuration, manual), and every member of the configuration is created and merged.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files slurp code top make_says);

my %there = map { $_ => 1 } map { code($_) =~ /"(QueueTasks[A-Z]\w*)"/g } files(qr{^src/config/.*\.[ch]$});
my @directives = sort keys %there;
ok(scalar @directives, 'there are directives');

for my $page ('conf/queuetasks.conf', 'docs/directives.md') {
    ok(-f top() . "/$page", "$page is there") or next;
    my %named = map { $_ => 1 } slurp($page) =~ /\b(QueueTasks[A-Z]\w*)\b/g;
    is_deeply([grep { !$named{$_} } @directives], [], "$page knows every directive");
    is_deeply([grep { !$there{$_} } sort keys %named], [], "$page knows none that is not there");
}
# The reference configuration is read by the server as it is; so it must show a value for each, not only name it.
my $reference = -f top() . '/conf/queuetasks.conf' ? slurp('conf/queuetasks.conf') : '';
is_deeply([grep { $reference !~ /^[ \t#]*$_[ \t]+\S/m } @directives], [], 'conf/queuetasks.conf shows each directive with a value');

# The struct as the compiler sees it, and what create and merge do with its members.
my ($file) = grep { code($_) =~ /\bmod_qt_conf_merge\s*\([^;]*\)\s*\{/ } files(qr{^src/config/.*\.c$});
ok($file, 'the merge is found') or do { done_testing(); exit };
my $flags = make_says('HIGH_FLAGS') =~ s/-MMD|-MP//gr;
my $seen = qx(cd "${\top()}" && ${\make_says('CC')} $flags -E -P $file);
my ($struct) = $seen =~ /typedef struct mod_qt_conf\s*\{(.*?)\}\s*mod_qt_conf;/s;
my @members = ($struct // '') =~ /(\w+)\s*(?:\[[^\]]*\])?;/g;
ok(scalar @members, 'the struct has members');
my ($create) = $seen =~ /\bmod_qt_conf_create\s*\([^;{]*\)\s*\{(.*?)\n\}/s;
my ($merge) = $seen =~ /\bmod_qt_conf_merge\s*\([^;{]*\)\s*\{(.*?)\n\}/s;
is_deeply([grep { ($merge // '') !~ /->$_\s*=/ } @members], [], 'every member is merged');
# Pointers are unset when they are NULL, which create's calloc gives.
my @numbers = ($struct // '') =~ /\b(?:apr_int64_t|int|unsigned)\s+(\w+)\s*;/g;
ok(scalar @numbers, 'there are numbers among them');
is_deeply([grep { ($create // '') !~ /->$_\s*=/ } @numbers], [], 'every number is created unset');
done_testing();
