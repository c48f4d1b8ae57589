# Refusals are remembered: a rejecter waits out the cooldown while others get the task.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $anna = $place->op('anna');
my $stream = $anna->stream;

subtest 'QT-67: alone, he gets it again after the cooldown, not before' => sub {
    my $id = $place->added(taskId => fresh_id());
    $stream->wait_task;
    my $before = now();
    is_good($anna->reject($id), 200, 'refused');
    is($place->state($id), 'ready', 'the task is kept');
    my $event = $stream->wait_task(deadline => 10);
    is($event->json->{taskId}, $id, 'it comes again');
    my $took = $event->{at} - $before;
    ok($took >= 1, sprintf 'after the cooldown of 1 s (%.2f s)', $took);
    is($event->json->{attempt}, 2, 'as the second attempt');
    is_good($anna->assign($id), 200, 'and takes it') && is_good($anna->complete($id), 200, 'done');
    $anna->exit;
};

$place = place('long');
$anna = $place->op('ann');
$stream = $anna->stream;

subtest 'while it lasts' => sub {
    my $id = $place->added(taskId => fresh_id());
    $stream->wait_task;
    is_good($anna->reject($id), 200, 'refused');
    my $again = $place->op('ann')->stream;
    is($place->state($id), 'ready', 'QT-67: a new stream of his does not bring it at once');
    my $boris = $place->op('boris');
    my $from_boris = $boris->stream;
    is($from_boris->wait_task->json->{taskId}, $id, 'a newcomer gets it at once');
    is_good($boris->assign($id), 200, 'and takes it') && is_good($boris->complete($id), 200, 'done');
    $boris->exit;
};

subtest 'the cooldown is of one task and one operator' => sub {
    my $id = $place->added(taskId => fresh_id());
    $stream->wait_task;
    is_good($anna->reject($id), 200, 'one refused');
    my $next = $place->added(taskId => fresh_id());
    is($stream->wait_task->json->{taskId}, $next, 'another comes at once');
    is($anna->take_free->result->{taskId}, undef, 'take-free does not bring the refused one');
    is_good($anna->assign($next), 200, 'taken') && is_good($anna->complete($next), 200, 'done');
    $place->withdraw($id);
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksRejectCooldown 1s
[long]
