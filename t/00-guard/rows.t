# docs/rows.md and the tests agree: every row is there, with tests that name it or a decision; and tests name no row that is not there.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files slurp);

# A gap here is a row that the requirements do not have.
my %numbers = (
    QT => [1 .. 70], RK => [1 .. 16, 20 .. 29], NT => [1 .. 21, 30 .. 35, 50 .. 61, 70 .. 78], SP => [1 .. 19, 30 .. 33, 40 .. 49], N8 => [1 .. 20],
    X => [1 .. 13],
);
my @wanted = map { my $kind = $_; map { "$kind-$_" } @{ $numbers{$kind} } } qw(QT RK NT SP N8 X);
my $row = qr/\b(?:QT|RK|NT|SP|N8|X)-\d+\b/;

# ---- the page ----

my (%proven, %decided, @order, @twice);
for (split /\n/, slurp('docs/rows.md')) {
    my ($name, $what, $tests, $why) = /^\| ($row) \| ([^|]+) \| ([^|]*)\| ([^|]*)\|$/ or next;
    push @twice, $name if $proven{$name};
    push @order, $name;
    $proven{$name} = [$tests =~ /`([^`]+)`/g];
    $decided{$name} = $why =~ /\w/;
}
is_deeply(\@order, \@wanted, 'every row is there once, in order, and no other') or diag("twice: @twice");
my @listed = map { @$_ } values %proven;
ok(scalar @listed, 'the page names tests');
is_deeply([grep { !@{ $proven{$_} } && !$decided{$_} } @order], [], 'every row has a test or a decision');

# ---- the tests ----

# What a test says: its title, and everything but comments. A row that stands in a comment alone is proven by nobody.
sub said
{
    my ($path) = @_;
    my $text = slurp($path);
    return $text =~ s{/\*.*?\*/}{}gsr if $path !~ /\.t$/;
    my ($title, $rest) = split /\n/, $text, 2;
    return "$title\n" . $rest =~ s/^\s*#.*$//mgr;
}

# Guards prove no row; this one would name them all.
my %names;
for my $path (grep { !m{^t/00-guard/} } files(qr{^t/\d\d-[^/]+/.*\.(?:t|c|mjs)$})) {
    $names{$path} = { map { $_ => 1 } said($path) =~ /$row/g };
}
ok(scalar(grep { keys %$_ } values %names), 'there are tests that name rows');
my (@absent, @silent);
for my $name (@order) {
    push @absent, "$name: $_" for grep { !$names{$_} } @{ $proven{$name} };
    push @silent, "$name: $_" for grep { $names{$_} && !$names{$_}{$name} } @{ $proven{$name} };
}
is_deeply(\@absent, [], 'every test that the page names is there');
is_deeply(\@silent, [], 'and names the row');

my (@unknown, @missing);
for my $path (sort keys %names) {
    push @unknown, map { "$path: $_" } grep { !$proven{$_} } sort keys %{ $names{$path} };
    push @missing, map { "$_: $path" } grep { $proven{$_} && !@{ $proven{$_} } } sort keys %{ $names{$path} };
}
is_deeply(\@unknown, [], 'no test names a row that is none');
is_deeply(\@missing, [], 'a row that a test names has tests on the page');
done_testing();
