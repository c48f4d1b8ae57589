# X-1: children are killed at random moments under traffic; the rest goes on, clients come back, nothing acknowledged is lost or doubled.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Children;
use QueueTasks::Test;

my ($operators, $rounds, $children) = (24, 20, 4);
my $seed = $ENV{QT_SEED} // time;
note("QT_SEED=$seed");

my $server = QueueTasks::Server->start(serves => 'operator', children => $children, conf => <<'CONF');
# A child that is missing is replaced even when httpd gives up doing that at once.
MinSpareThreads 13
MaxSpareThreads 16
QueueTasksUser "%{req:X-User}"
QueueTasksZone kill 8m
QueueTasksDecisionWindow 2s
QueueTasksReconnectGrace 300ms
QueueTasksRejectCooldown 200ms
QueueTasksKeepAlive 5s
CONF
my $place = place(undef, server => $server, path => '/q');

subtest 'quiet: a child dies with the stream of one who decides' => sub {
    my ($anna, $boris) = map { $place->op($_) } qw(anna boris);
    my $from_anna = $anna->stream;
    ok($place->wait_operator('anna', 'free'), 'anna waits');
    my $child = $server->child_of($from_anna);
    my ($other) = grep { $_ != $child } $server->children;
    my $from_boris = $boris->stream(child => $other);
    ok($place->wait_operator('boris', 'free'), 'boris waits in another child');
    my $id = $place->added(taskId => 'quiet', window => 60);
    is($from_anna->wait_task->json->{taskId}, $id, 'anna is offered a task');
    ok($server->kill_child($child), 'her child is killed and replaced');
    ok($from_anna->closed_within(1) && !$from_anna->ended_well, 'her stream is cut off');
    my $event = $from_boris->wait_task(deadline => 5);
    is($event && $event->json->{taskId}, $id, 'boris gets it, long before the window ends, though nobody asked the server anything');
    is($place->operator('anna'), undef, 'anna has lost her place with the grace');
    is_deeply([map { "$_->{operatorId} $_->{outcome}" } @{ $place->task($id)->result->{history} }], ['anna lost', 'boris open'], 'history tells it')
        or diag($place->task($id)->body);
    is_good($boris->assign($id), 200, 'boris takes it') && is_good($boris->complete($id), 200, 'and is done');
    $boris->exit;
};

my $crowd = QueueTasks::Children->new($place, $seed);
$crowd->operator("op$_", ignore => 0.02, reject => 0.1, vanish => 0.05) for 1 .. $operators;
ok($crowd->wait_until(10, sub { $crowd->all_there }), "$operators operators have their streams");
$crowd->add_steadily(2);

# A random moment at which the server has something to do.
sub busy_moment
{
    my ($longest) = @_;
    my $from = now() + rand $longest;
    $crowd->wait_until(5, sub { now() >= $from && $crowd->in_flight });
}

my ($killed, $respawned, $checked, $back) = (0, 0, 0, 0);
for my $round (1 .. $rounds) {
    my @alive = $server->children;
    my @victims = map { splice @alive, rand @alive, 1 } 1 .. 2;
    busy_moment(0.3);
    kill 'KILL', $victims[0];
    # The other dies soon after: at times while the streams of the first are given up.
    busy_moment(0.03);
    kill 'KILL', $victims[1];
    my $gone = sub { my %is = map { $_ => 1 } $server->children; !grep { $is{$_} } @victims };
    $killed += 2 if $crowd->wait_until(10, $gone);
    $checked++ if $crowd->check;
    $respawned++ if $crowd->wait_until(10, sub { $server->children >= $children });
    $back++ if $crowd->wait_until(10, sub { $crowd->all_there });
    last if $back + $checked < 2 * $round;
}
is($killed, 2 * $rounds, "$killed children were killed");
is($respawned, $rounds, 'each time others took their places');
is($checked, $rounds, 'and every invariant held');
is($back, $rounds, 'and all operators came back');
ok($crowd->finish(20), 'all ' . $crowd->acked . ' tasks are done') or diag(map { "\n  $_" } $crowd->fates);
cmp_ok(scalar $crowd->acked, '>', 10 * $rounds, 'there was traffic between the kills');
cmp_ok($crowd->seen('cut off'), '>', $rounds, 'streams were cut off: ' . $crowd->seen('cut off'));
# Whether a request was under way in just the child that died is chance; t/50-children/die_in_verb.t makes sure of it.
note('requests lost their answer: ' . $crowd->broken);
$crowd->reckon;
is_error_free($server, 'nothing else stands in the log', qr/AH10159|AH00484/);
diag("QT_SEED=$seed") if !Test::More->builder->is_passing;
done_testing();
