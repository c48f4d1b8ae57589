# Directives: what the server takes and what it refuses, with a message that helps.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Server ();
use QueueTasks::Source qw(top slurp);

sub taken
{
    my ($conf, $name) = @_;
    my ($good, $said) = QueueTasks::Server::check_conf(conf => $conf);
    ok($good, $name // "taken: $conf") or diag($said);
}

sub refused
{
    my ($conf, $pattern) = @_;
    my ($good, $said) = QueueTasks::Server::check_conf(conf => $conf);
    ok(!$good, "refused: $conf");
    like($said, $pattern, 'and says why');
}

my @good = (
    'QueueTasksServe operator subscribe docs', 'QueueTasksServe publish admin', 'QueueTasksZone a', 'QueueTasksZone a 1m', 'QueueTasksZone a size=2m',
    'QueueTasksUser "%{REMOTE_USER}"', 'QueueTasksUser "%{req:X-User}"', 'QueueTasksLabels "%{req:X-Labels}"', 'QueueTasksKeepAlive 25s',
    'QueueTasksKeepAlive 250ms', 'QueueTasksKeepAliveForm event', 'QueueTasksKeepAliveForm comment', 'QueueTasksKeepAliveForm none',
    'QueueTasksDecisionWindow 40', 'QueueTasksReconnectGrace 0', 'QueueTasksRetry 0', 'QueueTasksTurn once', 'QueueTasksTurn persistent',
    'QueueTasksRejectCooldown 60s', 'QueueTasksCapacity 3', 'QueueTasksMaxBody 64k', 'QueueTasksMaxStreams 0', 'QueueTasksMaxStreamsPerUser 16',
    'QueueTasksAllowOrigin https://a.example https://b.example:8443', 'QueueTasksAllowOrigin *',
);
taken($_) for @good;
# A zone has one size, and * stands alone.
my @together = grep { !/size=|\*$/ } @good;
taken(join("\n", map { "<Location /x>\n$_\n</Location>" } @together), 'all of them in Locations');
taken(join("\n", '<VirtualHost *:80>', @together, '</VirtualHost>'), 'and in a virtual host');

refused('QueueTasksServe operators', qr/operators.*operator/s);
refused('QueueTasksServe', qr/QueueTasksServe/);
refused('QueueTasksZone a 4k', qr/4k.*1m/s);
refused("QueueTasksZone a 1m\nQueueTasksZone a 2m", qr/QueueTasksZone/);
refused('QueueTasksZone ""', qr/QueueTasksZone/);
refused('QueueTasksUser "%{nonsense:"', qr/QueueTasksUser|expression/i);
refused('QueueTasksKeepAlive soon', qr/soon/);
refused('QueueTasksKeepAlive -1', qr/-1/);
refused('QueueTasksKeepAlive 0', qr/QueueTasksKeepAlive/);
refused('QueueTasksKeepAliveForm sometimes', qr/sometimes.*event/s);
refused('QueueTasksDecisionWindow 99999999999999999999', qr/QueueTasksDecisionWindow/);
refused('QueueTasksTurn twice', qr/twice.*once/s);
refused('QueueTasksCapacity 0', qr/QueueTasksCapacity/);
refused('QueueTasksCapacity many', qr/many/);
refused('QueueTasksMaxBody 1x', qr/1x/);
refused('QueueTasksAllowOrigin a.example', qr/a\.example/);
refused('QueueTasksAllowOrigin * https://a.example', qr/\*/);

done_testing();
