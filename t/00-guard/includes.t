# Includes point down, name their folder, make no circle, and no httpd header gets below the wall.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files code floor_of below_wall top @FLOORS);

my %height = map { $FLOORS[$_] => $_ } 0 .. $#FLOORS;
$height{face} = @FLOORS;

# Headers that only httpd has; APR's and the system's are all others.
my $httpd = qr/^(?:httpd|http_\w+|ap_\w+|util_\w+|mpm_common|scoreboard|mod_\w+)\.h$/;

my (%needs, $count, @up, @bare, @wall, @absent);
for my $path (files(qr{^(?:src/.*|mod_queuetasks)\.[ch]$})) {
    my $floor = floor_of($path);
    ok(defined $height{$floor}, "$path stands on a known floor") or next;
    my $text = code($path);
    while ($text =~ /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/mg) {
        my ($kind, $name) = ($1, $2);
        $count++;
        push @wall, "$path: $name" if below_wall($floor) && $name =~ $httpd;
        next if $kind eq '<' || $name eq 'mod_queuetasks.h';
        if ($name !~ m{^([a-z]+)/[\w.]+$}) {
            push @bare, "$path: $name";
            next;
        }
        my $to = $1;
        push @up, "$path: $name" if !defined $height{$to} || $height{$to} > $height{$floor};
        push @absent, "$path: $name" if !-f top() . "/src/$name";
        push @{ $needs{$path} }, "src/$name";
    }
}
ok($count, 'there are includes to look at');
is_deeply(\@up, [], 'no include points up');
is_deeply(\@bare, [], 'every include of ours has its folder written out');
is_deeply(\@wall, [], 'no httpd header below the wall');
is_deeply(\@absent, [], 'every included file is there');

my (%colour, @circles);
sub walk
{
    my ($path, @way) = @_;
    return if ($colour{$path} // '') eq 'done';
    if (($colour{$path} // '') eq 'open') {
        push @circles, join ' -> ', @way, $path;
        return;
    }
    $colour{$path} = 'open';
    walk($_, @way, $path) for @{ $needs{$path} || [] };
    $colour{$path} = 'done';
}
walk($_) for sort keys %needs;
is_deeply(\@circles, [], 'no file includes itself over others');

done_testing();
