# Every header compiles alone, below the wall with APR's include path only.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use File::Temp qw(tempdir);
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files floor_of below_wall top make_says);

my $cc = make_says('CC');
my %flags = map { my $flags = make_says($_); $flags =~ s/-MMD|-MP//g; $_ => $flags } qw(LOW_FLAGS HIGH_FLAGS);
my $dir = tempdir(CLEANUP => 1);
my @headers = files(qr{^(?:src|include)/.*\.h$});
ok(scalar @headers, 'there are headers');
for my $header (@headers) {
    my $flags = below_wall(floor_of($header)) ? $flags{LOW_FLAGS} : $flags{HIGH_FLAGS};
    (my $name = $header) =~ s{^(?:src|include)/}{};
    open my $out, '>', "$dir/alone.c" or die $!;
    print $out qq{#include "$name"\n#include "$name"\nint alone(void);\nint alone(void)\n{\n    return 0;\n}\n};
    close $out;
    my $said = qx(cd "${\top()}" && $cc $flags -fsyntax-only "$dir/alone.c" 2>&1);
    is($said, '', "$header compiles alone, and twice");
}
done_testing();
