# The operator's page in Chromium, served as the quick start serves it but for shorter times; operator.mjs tells the stories.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Node qw(stories);
use QueueTasks::Server ();
use QueueTasks::Source qw(slurp top);

# The page and the Locations of conf/quickstart.conf, from its mark on.
sub quickstart
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
    for my $user (qw(anna boris)) {
        my $new = -e "$root/users" ? '' : '-c';
        system("echo demo | htpasswd -i -B $new '$root/users' $user 2>/dev/null") == 0 or die "htpasswd: $?\n";
    }
}

my $server = QueueTasks::Server->start(threads => 8, conf => sub { make_users($_[0]->root); return quickstart($_[0]->root) });
ok(stories('operator.mjs', QT_URL => 'http://127.0.0.1:' . $server->port, QT_PID => $server->pid), 'every story came true');
# AH01617, AH01618: the password that is wrong on purpose.
is_deeply([$server->bad_signs(qr/AH0161[78]/)], [], 'and the log has nothing to complain of');
ok($server->stop, 'the server stops, with pages open until just now');
done_testing();
