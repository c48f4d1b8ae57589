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

my $server = QueueTasks::Server->start(children => $children, conf => <<'CONF');
QueueTasksUser "%{req:X-User}"
QueueTasksZone kill 8m
QueueTasksDecisionWindow 2s
QueueTasksReconnectGrace 300ms
QueueTasksRejectCooldown 200ms
QueueTasksKeepAlive 5s
QueueTasksRetry 50ms
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF
my $place = place(undef, server => $server, path => '/q');
my $crowd = QueueTasks::Children->new($place, $seed);
$crowd->operator("op$_", ignore => 0.02, reject => 0.1, vanish => 0.05) for 1 .. $operators;
ok($crowd->wait_until(10, sub { !grep { !$_->there } $crowd->operators }), "$operators operators have their streams");

# Two back ends without a pause: the next task when the last one was acknowledged.
my ($adding, $added) = (1, 0);
sub add_on
{
    return if !$adding;
    my $id = fresh_id('kill');
    $added++;
    $crowd->insist('POST', 'internal/tasks', json => { taskId => $id }, call => sub {
        $crowd->added($id, $_[0]);
        next_when_room();
    });
}

# No faster than the operators work, so that the zone does not fill.
sub next_when_room
{
    $crowd->acked - $crowd->done < 100 ? add_on() : $crowd->at(0.02, \&next_when_room);
}
add_on() for 1 .. 2;

my ($killed, $checked, $respawned, $ghosts) = (0, 0, 0, 0);
for my $round (1 .. $rounds) {
    # A random moment, with traffic going on.
    my $moment = now() + rand 0.3;
    $crowd->wait_until(5, sub { now() > $moment });
    my @alive = $server->children;
    my @victims = map { splice @alive, rand @alive, 1 } 1 .. 2;
    # One of the two at a moment of its own, so that a child also dies while another one's streams are given up.
    kill 'KILL', $victims[0];
    $crowd->wait_until(1, sub { rand() < 0.5 });
    kill 'KILL', $victims[1];
    my $gone = sub { my %is = map { $_ => 1 } $server->children; !grep { $is{$_} } @victims };
    $killed += 2 if $crowd->wait_until(10, $gone);
    $checked++ if $crowd->check;
    $respawned++ if $crowd->wait_until(10, sub { $server->children >= $children });
    $ghosts++ if !$crowd->wait_until(10, sub { !grep { !$_->there } $crowd->operators });
}
is($killed, 2 * $rounds, "$killed children were killed");
is($respawned, $rounds, 'each time others took their places');
is($checked, $rounds, 'and every invariant held');
is($ghosts, 0, 'and all operators came back');
$adding = 0;
ok($crowd->wait_until(20, sub { $crowd->acked == $added && $crowd->done == $added }), "all $added tasks are done")
    or diag("QT_SEED=$seed", map { "\n  $_" } $crowd->fates);
cmp_ok($added, '>', 10 * $rounds, 'there was traffic between the kills');
cmp_ok($crowd->seen('cut off'), '>', $rounds, 'streams were cut off: ' . $crowd->seen('cut off'));
note('requests that lost their answer: ' . $crowd->broken);
cmp_ok($crowd->slowest, '<', 5, sprintf 'the slowest answer took %.2f s', $crowd->slowest);
is_deeply([$crowd->wrong], [], 'no answer was one that may not be') or diag("QT_SEED=$seed");
is_deeply([$crowd->not_once], [], 'every acknowledged task was assigned once, to the one who was told so, and is done')
    or diag("QT_SEED=$seed");
ok($server->wait_for(5, sub { $place->internal('GET', 'stats')->result->{streams} == $operators }), 'no stream of a dead child is left')
    or diag($place->internal('GET', 'stats')->body);
my @queue = map { $_->{operatorId} } $place->operators;
is_deeply([sort @queue], [sort map { $_->user } $crowd->operators], 'each operator has one place in the queue');
$place->check_ok;
is_error_free($server, 'nothing else stands in the log', qr/exit signal Killed|AH10392|AH10159|AH00484/);
done_testing();
