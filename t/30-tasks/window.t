# offered -> ready by time: the decision window, extension, late calls, the task's own window, OnTimeout, MaxOffers.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

subtest 'QT-20, QT-23: the window ends, the task goes on, the operator to the tail' => sub {
    my ($anna, $boris) = ($place->op('anna'), place('patient')->op('boris'));
    my $from_anna = $anna->stream;
    $place->wait_operator('anna', 'free');
    my $from_boris = $boris->stream;
    $place->wait_operator('boris', 'free');
    my $began = now();
    my $id = $place->added(taskId => fresh_id());
    my $first = $from_anna->wait_task;
    my $second = $from_boris->wait_task(deadline => 10);
    ok($second && $second->json->{taskId} eq $id, 'boris gets what anna let lie');
    my $took = $second->{at} - $began;
    ok($took >= 1, sprintf 'after the window of 1 s (%.2f s)', $took);
    is_deeply($from_anna->wait_event(type => 'closed')->json, { taskId => $id, reason => 'expired' }, 'anna is told');
    is_bad($anna->assign($id), 403, 0, 'QT-56: late is 403/0');
    is_bad($anna->assign($id, offer => $first->json->{offer}), 410, 13, 'late with a token is 410/13');
    is_deeply([map { $_->{operatorId} } $place->operators], ['boris', 'anna'], 'anna went to the tail');
    is($place->operator('anna')->{status}, 'free', 'and waits');
    is_good($boris->assign($id), 200, 'boris takes it');
    is_good($boris->complete($id), 200, 'done');
    is_deeply([map { [@$_{qw(operatorId outcome)}] } @{ $place->task($id)->result->{history} }], [['anna', 'timeout'], ['boris', 'completed']],
        'history tells both');
    $_->exit for $anna, $boris;
};

subtest 'extend: one more window, once' => sub {
    my $clara = $place->op('clara');
    my $stream = $clara->stream;
    my $id = $place->added(taskId => fresh_id(), window => 20);
    my $event = $stream->wait_task;
    ok($stream->wait_event(type => 'connection'), 'some of the window has passed');
    my $answer = $clara->extend($id);
    is_good($answer, 200, 'extended');
    ok($answer->result->{expiresAt} gt $event->json->{expiresAt}, 'the answer has the new end')
        or diag "$answer->{body} after " . $event->json->{expiresAt};
    is_bad($clara->extend($id), 429, 9, 'a second time is 429/9');
    ok(!$stream->wait_event(type => 'closed', deadline => 0.1), 'still open');
    is_good($clara->assign($id), 200, 'taken in the second window');
    is_bad($clara->extend($id), 403, 0, 'an assigned task has no window');
    is_good($clara->complete($id), 200, 'done');
    $clara->exit;
};

subtest "the task's own window goes before the Location's" => sub {
    my $diana = place('patient')->op('diana');
    my $stream = $diana->stream;
    my $id = $place->added(taskId => fresh_id(), window => 0.2);
    my $event = $stream->wait_task;
    ok($event->json->{secondsLeft} <= 0.2 + 0.8, 'secondsLeft tells the short window');
    my $closed = $stream->wait_event(type => 'closed', deadline => 10);
    ok($closed, 'it ends before the Location\'s window would');
    is($closed->json->{reason}, 'expired', 'expired') if $closed;
    $place->withdraw($id);
    $diana->exit;
};

subtest 'QueueTasksOnTimeout pause' => sub {
    my $quiet = place('pause');
    my $eva = $quiet->op('eva');
    my $stream = $eva->stream;
    my $id = $quiet->added(taskId => fresh_id(), window => 0.2);
    ok($stream->wait_task, 'offered');
    ok($stream->wait_event(type => 'closed'), 'the window lapses');
    is($quiet->operator('eva')->{status}, 'paused', 'who let it lapse is paused');
    is($quiet->state($id), 'ready', 'and the task waits');
    is_good($eva->ready, 200, 'ready again');
    is($stream->wait_task->json->{taskId}, $id, 'she is offered it again');
    $quiet->withdraw($id);
    $eva->exit;
};

subtest 'maxOffers: offered -> dead, dead -> ready' => sub {
    my ($fritz, $gerda) = map { $place->op($_) } qw(fritz gerda);
    my ($from_fritz, $from_gerda) = ($fritz->stream, $gerda->stream);
    my $id = $place->added(taskId => fresh_id(), maxOffers => 2, window => 20);
    my %stream = (fritz => $from_fritz, gerda => $from_gerda);
    for (1 .. 2) {
        my ($who) = map { $_->{operatorId} } grep { $_->{status} eq 'selects' } $place->operators;
        ok($who && $stream{$who}->wait_task, "offer $_") or return;
        is_good($place->op($who)->reject($id), 200, "refusal $_");
    }
    is($place->state($id), 'dead', 'after two offers it is dead');
    is_bad($place->internal('POST', 'tasks/no-such/requeue'), 404, 4, 'an unknown one can not come back');
    is_good($place->internal('POST', "tasks/$id/requeue"), 200, 'requeue');
    isnt($place->state($id), 'dead', 'it lives');
    is_bad($place->internal('POST', "tasks/$id/requeue"), 409, 6, 'only the dead can be requeued');
    $place->withdraw($id);
    $_->exit for $fritz, $gerda;
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksDecisionWindow 1s
QueueTasksKeepAlive 300ms
[patient]
[pause]
QueueTasksZone window-pause 1m
QueueTasksOnTimeout pause
