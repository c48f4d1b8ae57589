# Each test file has its own places under the shared server: written from what stands after its __DATA__.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Places;
use strict;
use warnings;
use File::Basename qw(basename);
use QueueTasks::Source qw(files slurp);

# A test file t/30-tasks/assign.t has the zone "assign" and the place "main": Locations /assign/main/api (operator, subscribe, docs)
# and /assign/main/internal (publish, admin), with the settings below: windows that no test outlasts on a busy machine, and a grace
# that passes quickly. After __DATA__ it may change and add to that:
#
#   QueueTasksCapacity 2          for the place "main"
#   [once]                        from here on for another place of the same zone, at /assign/once/...
#   QueueTasksTurn once
#   api: AllowMethods GET         only for one of the two Locations
#   server: QueueTasksTopic a/** retain=3     outside of both, for the whole server: all files' places see it
#
# A place that must share nothing says QueueTasksZone itself.
my @quick = (
    'QueueTasksUser "%{req:X-User}"',
    'QueueTasksLabels "%{req:X-Labels}"',
    'QueueTasksDecisionWindow 20s',
    'QueueTasksReconnectGrace 500ms',
    'QueueTasksKeepAlive 1s',
    'QueueTasksRetry 100ms',
    'QueueTasksRejectCooldown 20s',
);
my %serves = (api => 'operator subscribe', internal => 'publish admin');
# What a Location of this build may serve; the lists grow with the module.
my $zone_size = '1m';

# The name of a test's zone and of the first part of its paths.
sub name_of
{
    my ($file) = @_;
    my $name = basename($file);
    $name =~ s/\.t$//;
    return $name;
}

# Places of one file: [name, [lines]], ...
sub places_of
{
    my ($text) = @_;
    my @places = ['main', []];
    my ($data) = $text =~ /^__DATA__\n(.*)/ms;
    for my $line (split /\n/, $data // '') {
        if ($line =~ /^\[([a-z][\w-]*)\]$/) {
            push @places, [$1, []];
        } elsif ($line =~ /\S/) {
            push @{ $places[-1][1] }, $line;
        }
    }
    return @places;
}

sub place_conf
{
    my ($zone, $place, @lines) = @_;
    my %own;
    my @common;
    for (@lines) {
        if (/^(api|internal|server):\s*(.*)/) {
            push @{ $own{$1} }, $2;
        } else {
            push @common, $_;
        }
    }
    my $conf = join '', map { "$_\n" } @{ $own{server} || [] };
    $conf .= "<Location \"/$zone/$place\">\n";
    $conf .= "    QueueTasksZone $zone $zone_size\n" unless grep { /^\s*QueueTasksZone\b/ } @common;
    $conf .= "    $_\n" for @quick, @common;
    $conf .= "</Location>\n";
    for my $side (sort keys %serves) {
        my @side = @{ $own{$side} || [] };
        $conf .= "<Location \"/$zone/$place/$side\">\n    SetHandler queuetasks\n";
        $conf .= "    QueueTasksServe $serves{$side}\n" unless grep { /^\s*QueueTasksServe\b/ } @side;
        $conf .= "    $_\n" for @side;
        $conf .= "</Location>\n";
    }
    return $conf;
}

# The places of all test files that use the shared server.
sub write_conf
{
    my ($path) = @_;
    my $conf = "# Made by t/TEST.\n";
    for my $file (files(qr{^t/\d\d-[^/]+/.*\.t$})) {
        my $text = slurp($file);
        next unless $text =~ /^use QueueTasks::Test\b/m;
        $conf .= place_conf(name_of($file), @$_[0], @{ $_->[1] }) for places_of($text);
    }
    open my $out, '>', $path or die "$path: $!";
    print $out $conf;
    close $out or die "$path: $!";
}

1;
