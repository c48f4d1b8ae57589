# A server with the pages and the Locations of the quick start, but for shorter times.
# SPDX-License-Identifier: Apache-2.0
package Quickstart;
use strict;
use warnings;
use Exporter 'import';
use QueueTasks::Server ();
use QueueTasks::Source qw(slurp top);

our @EXPORT_OK = qw(serve);

# conf/quickstart.conf from its mark on.
sub conf
{
    my ($root) = @_;
    my ($conf) = slurp('conf/quickstart.conf') =~ /^(# ---- the page ----\n.*)/ms or die "conf/quickstart.conf has lost its page\n";
    my $times = "    QueueTasksKeepAlive 1s\n    QueueTasksRetry 300ms\n    QueueTasksRejectCooldown 30s\n";
    $conf =~ s/^( *QueueTasksReconnectGrace .*\n)/$1$times/m or die "conf/quickstart.conf has lost its grace\n";
    return "Define WEB \"@{[top()]}/web\"\nDefine ROOT \"$root\"\n$conf";
}

sub make_users
{
    my ($root) = @_;
    for my $user (qw(anna boris clara)) {
        my $new = -e "$root/users" ? '' : '-c';
        system("echo demo | htpasswd -i -B $new '$root/users' $user 2>/dev/null") == 0 or die "htpasswd: $?\n";
    }
}

sub serve
{
    return QueueTasks::Server->start(threads => 8, conf => sub { make_users($_[0]->root); return conf($_[0]->root) });
}

1;
