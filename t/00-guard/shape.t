# The shape of files: their first two lines, their length, the length of functions, and of lines.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files slurp top);

my $mark = 'SPDX-License-Identifier: Apache-2.0';
my %opens = (
    c => qr{^/\* .+}, h => qr{^/\* .+}, css => qr{^/\* .+}, js => qr{^(?:/\*|//) .+}, mjs => qr{^(?:/\*|//) .+},
    html => qr{^<!-- .+}, t => qr{^# .+}, pm => qr{^# .+}, pl => qr{^# .+}, sh => qr{^# .+}, conf => qr{^# .+}, load => qr{^# .+},
    in => qr{^# .+}, apxs => qr{^# .+}, lua => qr{^-- .+},
);

my (@no_title, @no_licence, $titled);
for my $path (files(qr{(?:^|/)[^/]+\.(?:c|h|css|m?js|html|t|pm|pl|sh|conf|load|in|apxs)$|^\.ci/run$|^\.clang-}), ) {
    my ($kind) = $path =~ /\.(\w+)$/;
    my $title = $opens{ $kind // '' } // qr{^# .+};
    $title = qr{^# .+} if $path =~ m{^\.c};
    my @lines = split /\n/, slurp($path), 4;
    # What runs, or is parsed, from its very first line starts one line later.
    shift @lines if ($lines[0] // '') =~ /^#!|^<!doctype|^---$/i;
    $titled++;
    push @no_title, $path unless ($lines[0] // '') =~ $title;
    push @no_licence, $path unless ($lines[1] // '') =~ /\Q$mark\E/;
}
ok($titled, 'there are files to read');
is_deeply(\@no_title, [], 'the first line of a file says what lives there');
is_deeply(\@no_licence, [], 'the second line of a file is its licence');

my (@long_files, @long_lines, @tabs);
for my $path (files(qr{\.[ch]$})) {
    my @lines = split /\n/, slurp($path);
    push @long_files, "$path: " . @lines if @lines > ($path eq 'mod_queuetasks.c' ? 150 : 700);
    push @long_lines, map { "$path:$_" } grep { length($lines[$_ - 1]) > 140 } 1 .. @lines;
    push @tabs, map { "$path:$_" } grep { $lines[$_ - 1] =~ /\t|[ ]+$/ } 1 .. @lines;
}
is_deeply(\@long_files, [], 'no C file over 700 lines, the face not over 150');
is_deeply(\@long_lines, [], 'no line of C over 140 bytes');
is_deeply(\@tabs, [], 'no tab and no blank at the end of a line of C');

sub functions
{
    my (@paths) = @_;
    my $list = join ' ', @paths;
    my @found = map { [split / /] } split /\n/,
        qx(cd "${\top()}" && ctags -x --c-kinds=f --languages=C --_xformat='%{line} %{end} %F %N' $list 2>/dev/null);
    return map { { lines => $_->[1] - $_->[0] + 1, at => "$_->[2]:$_->[0] $_->[3]" } } @found;
}

my @ours = sort { $a->{lines} <=> $b->{lines} } functions(files(qr{^(?:src/.*|mod_queuetasks)\.c$}));
ok(scalar @ours, 'there are functions to measure');
my $median = @ours ? $ours[$#ours / 2]{lines} : 0;
my $ninth = @ours ? $ours[int($#ours * 0.9)]{lines} : 0;
cmp_ok($median, '<=', 14, "the median function has at most 14 lines (of " . @ours . ')');
cmp_ok($ninth, '<=', 45, 'nine of ten functions have at most 45 lines');
is_deeply([map { "$_->{at}: $_->{lines}" } grep { $_->{lines} > 100 } functions(files(qr{\.c$}))], [], 'no function over 100 lines, tests included');

done_testing();
