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
    'QueueTasksAllowOrigin https://a.example https://b.example:8443', 'QueueTasksAllowOrigin *', 'QueueTasksTopics a/* b/** c',
    'QueueTasksTopics orders/%{REMOTE_USER}/*', 'QueueTasksTopics "%{req:X-Tenant}/%{REMOTE_USER}**"', 'QueueTasksTopics "100%/*"',
    'QueueTasksMailbox 0', 'QueueTasksMailbox 100 24h', 'QueueTasksMailbox 1 500ms', 'QueueTasksDevices one', 'QueueTasksDevices many',
);
taken($_) for @good;
# A zone has one size, and * stands alone.
my @together = grep { !/size=|\*$/ } @good;
taken(join("\n", map { "<Location /x>\n$_\n</Location>" } @together), 'all of them in Locations');
taken(join("\n", '<VirtualHost *:80>', @together, '</VirtualHost>'), 'and in a virtual host');

my @rules = ('QueueTasksTopic ** retain=100 age=1h delivery=last', 'QueueTasksTopic a/* retain=0', 'QueueTasksTopic a/* delivery=ALL merge=sum coalesce=3s',
    'QueueTasksTopic a merge=union coalesce=0 durable=off', 'QueueTasksTopic "a b" merge=count delivery=none age=250ms', 'QueueTasksTopic % merge=last');
taken(join("\n", @rules), 'QueueTasksTopic in the server configuration');
taken(join("\n", '<VirtualHost *:80>', @rules, '</VirtualHost>'), 'and in a virtual host');
refused("<Location /x>\n$rules[0]\n</Location>", qr/QueueTasksTopic not allowed/);
refused('QueueTasksTopic', qr/QueueTasksTopic/);
refused('QueueTasksTopic a', qr/setting/);
refused('QueueTasksTopic a retain', qr/"retain" is none of.*retain=/);
refused('QueueTasksTopic a keep=3', qr/"keep=3" is none of.*retain=/);
refused('QueueTasksTopic a retain=-1', qr/retain.*"-1".*0 to 1000000/);
refused('QueueTasksTopic a retain=1000001', qr/retain.*1000000/);
refused('QueueTasksTopic a age=0', qr/age.*"0".*1ms/);
refused('QueueTasksTopic a delivery=first', qr/delivery.*"first" is none of: last none all/);
refused('QueueTasksTopic a merge=', qr/merge.*last count sum union/);
refused('QueueTasksTopic a coalesce=soon', qr/coalesce.*"soon"/);
refused('QueueTasksTopic a durable=on', qr/durable=on.*journal/);
refused('QueueTasksTopics', qr/QueueTasksTopics/);
refused('QueueTasksTopics "a/%{REMOTE_USER"', qr/QueueTasksTopics.*no end/);
refused('QueueTasksTopics "a/%{no such thing}"', qr/QueueTasksTopics.*expression/);
refused('QueueTasksMailbox', qr/QueueTasksMailbox/);
refused('QueueTasksMailbox many', qr/"many" is not a number from 0 to 100000/);
refused('QueueTasksMailbox 3 0', qr/"0" is not a time.*1ms/);
refused('QueueTasksDevices two', qr/"two" is none of: many one/);

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
