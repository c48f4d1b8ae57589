# Capacity: open offers plus assigned tasks; and the wrap-up pause after complete.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $anna = $place->op('anna');

subtest 'two at a time' => sub {
    my $stream = $anna->stream;
    my @ids = map { $place->added(taskId => fresh_id()) } 1 .. 3;
    is($stream->wait_task->json->{taskId}, $_, 'an offer') for @ids[0, 1];
    is($place->state($ids[2]), 'ready', 'no third one');
    is_deeply([sort @{ $place->operator('anna')->{tasks} }], [sort @ids[0, 1]], 'her entry names both');
    is_good($anna->assign($ids[0]), 200, 'one is taken');
    is($place->state($ids[2]), 'ready', 'assigned counts as the offer did');
    is_good($anna->reject($ids[1]), 200, 'one is refused');
    is($stream->wait_task->json->{taskId}, $ids[2], 'which makes room');
    is($anna->take_free->result->{taskId}, undef, 'at capacity take-free gives null');
    is_deeply([sort map { $_->{taskId} } $anna->my_tasks], [sort @ids[0, 2]], 'my-tasks has the open offer and the assigned task');
    my %mine = map { $_->{taskId} => $_ } $anna->my_tasks;
    ok($mine{ $ids[0] }{assigned} && !$mine{ $ids[2] }{assigned}, 'and tells them apart');
    $place->withdraw($_) for @ids;
    is_deeply([$anna->my_tasks], [], 'nothing is left');
    $anna->exit;
};

subtest 'QT-53: a second tab or a reconnect never makes room' => sub {
    my $boris = $place->op('boris');
    my $stream = $boris->stream;
    my @ids = map { $place->added(taskId => fresh_id()) } 1 .. 3;
    $stream->wait_task for 1 .. 2;
    is_good($boris->assign($ids[0]), 200, 'one taken, one open');
    my $second = $boris->stream;
    is($second->wait_task->json->{taskId}, $ids[1], 'a second tab sees the open offer');
    is($place->state($ids[2]), 'ready', 'and brings no third task');
    $_->disconnect for $stream, $second;
    my $third = $boris->stream;
    is($third->wait_task->json->{taskId}, $ids[1], 'a reconnect sees it again');
    is($place->state($ids[2]), 'ready', 'and brings no third task either');
    $place->withdraw($_) for @ids;
    $boris->exit;
};

subtest 'wrap-up' => sub {
    my $slow = place('wrapup');
    my $clara = $slow->op('clara');
    my $stream = $clara->stream;
    my @ids = map { $slow->added(taskId => fresh_id()) } 1 .. 2;
    $stream->wait_task;
    is_good($clara->assign($ids[0]), 200, 'taken');
    my $before = now();
    is_good($clara->complete($ids[0]), 200, 'done');
    isnt($slow->operator('clara')->{status}, 'free', 'she rests');
    is($clara->take_free->result->{taskId}, undef, 'QT-41: who waits is given nothing by take-free, though a task is there');
    my $event = $stream->wait_task(deadline => 10);
    is($event->json->{taskId}, $ids[1], 'then gets the next');
    ok($event->{at} - $before >= 1.5, sprintf 'not before the wrap-up is over (%.2f s)', $event->{at} - $before);
    $slow->withdraw($ids[1]);
    $clara->exit;
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksCapacity 2
QueueTasksDecisionWindow 10s
QueueTasksRejectCooldown 20s
[wrapup]
QueueTasksZone capacity-wrapup 1m
QueueTasksWrapUp 1500ms
