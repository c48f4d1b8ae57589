# MaxConnectionsPerChild: the child that has served its share ends its streams cleanly, and they come back to the next one.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $server = QueueTasks::Server->start(children => 1, conf => <<'CONF');
MaxConnectionsPerChild 60
QueueTasksUser "%{req:X-User}"
QueueTasksZone maxconn 1m
QueueTasksReconnectGrace 20s
QueueTasksDrain 500ms
QueueTasksRetry 100ms
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<If "%{QUERY_STRING} =~ /suspended/">
    QueueTasksDetach off
</If>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF
my $place = place(undef, server => $server, path => '/q');

my %stream = map { $_ => $place->op($_)->stream(query => /^s/ ? 'suspended' : '') } qw(d1 d2 d3 s1 s2 s3);
my %old = map { $_ => 1 } $server->children;
is(scalar(keys %old), 1, 'one child');
my $id = $place->added(taskId => 'mine', operatorId => 'd1');
ok($stream{d1}->wait_task, 'he has a task');

# A connection each, until the child has had enough.
my $asked = 0;
$asked++ while $asked < 200 && $place->api('GET', 'queue-operators', headers => { 'X-User' => 'onlooker' })->status == 200
    && !grep { !$old{$_} } $server->children;
cmp_ok($asked, '<', 200, "after $asked requests there is another child");
is(scalar(grep { $_->closed_within(10) && $_->ended_well } values %stream), 6, 'all streams have ended with their last chunk');
ok($server->wait_for(15, sub { !grep { $old{$_} } $server->children }), 'the old child is gone');
%stream = map { $_ => $place->op($_)->stream } keys %stream;
is(scalar(grep { $place->wait_operator($_, $_ eq 'd1' ? 'busy' : 'free') } keys %stream), 6, 'everybody has his place again');
is($place->state($id), 'assigned', 'and the task its owner');
$place->check_ok;
ok($server->stop(15), 'the server stops');
is_error_free($server, 'its log is clean');
done_testing();
