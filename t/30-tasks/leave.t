# Leaving: exit, a broken connection, the grace, and coming back.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

subtest 'QT-5, QT-64: exit' => sub {
    my ($anna, $boris) = map { $place->op($_) } qw(anna boris);
    my @tabs = map { $anna->stream } 1 .. 2;
    $place->wait_operator('anna', 'free');
    my $from_boris = $boris->stream;
    my $id = $place->added(taskId => fresh_id());
    ok($tabs[0]->wait_task, 'anna is offered a task');
    is_good($anna->exit, 200, 'and leaves');
    is($from_boris->wait_task->json->{taskId}, $id, 'the open offer is passed on at once');
    ok($_->closed_within(5) && $_->ended_well, 'her stream ends well') for @tabs;
    is($place->operator('anna'), undef, 'she is out of the queue');
    my $again = $anna->stream;
    is($again->status, 204, 'a reconnect gets 204');
    is($again->raw, '', 'with no body');
    is_good($anna->exit, 200, 'exit is idempotent');
    is_good($boris->assign($id), 200, 'boris takes it') && is_good($boris->complete($id), 200, 'done');
    $boris->exit;
};

subtest 'QT-38, A-11, QT-47: a broken connection keeps the place for the grace' => sub {
    my ($clara, $diana) = map { $place->op($_) } qw(clara diana);
    my $stream = $clara->stream;
    $place->wait_operator('clara', 'free');
    my $from_diana = $diana->stream;
    $place->wait_operator('diana', 'free');
    $stream->disconnect;
    ok($place->wait_operator('clara', 'away'), 'she is away');
    my $id = $place->added(taskId => fresh_id());
    is($from_diana->wait_task->json->{taskId}, $id, 'who is away is offered nothing');
    $stream = $clara->stream;
    ok($place->wait_operator('clara', 'free'), 'she is back');
    is_deeply([map { $_->{operatorId} } $place->operators], ['clara', 'diana'], 'at her old place');
    is_good($diana->assign($id), 200, 'taken') && is_good($diana->complete($id), 200, 'done');
    $stream->disconnect;
    ok($place->wait_operator('clara', ''), 'QT-60: who stays away loses it');
    $stream = $clara->stream;
    $place->wait_operator('clara', 'free');
    is_deeply([map { $_->{operatorId} } $place->operators], ['diana', 'clara'], 'and comes back at the tail');
    $_->exit for $clara, $diana;
};

subtest 'QT-53: a reconnect during the decision shows the same offer' => sub {
    my $eva = $place->op('eva');
    my $stream = $eva->stream;
    my ($id, $other) = map { $place->added(taskId => fresh_id()) } 1 .. 2;
    my $first = $stream->wait_task->json;
    $stream->disconnect;
    $stream = $eva->stream;
    my $second = $stream->wait_task->json;
    is($second->{taskId}, $id, 'the same task');
    is($second->{offer}, $first->{offer}, 'under the same token');
    is($second->{expiresAt}, $first->{expiresAt}, 'with the same end');
    is($second->{attempt}, 1, 'as the same attempt');
    ok($second->{secondsLeft} <= $first->{secondsLeft}, 'with the time that is left');
    is($place->operator('eva')->{status}, 'selects', 'she selects');
    is($place->state($other), 'ready', 'she is not free for another');
    is_good($eva->assign($id, offer => $first->{offer}), 200, 'the old token is good');
    is_good($eva->complete($id), 200, 'done');
    $place->withdraw($other);
    $eva->exit;
};

subtest 'QT-39, QT-62, A-12: who vanishes while deciding loses the task after the grace, not the window' => sub {
    my ($fritz, $gerda) = map { $place->op($_) } qw(fritz gerda);
    my $stream = $fritz->stream;
    $place->wait_operator('fritz', 'free');
    my $from_gerda = $gerda->stream;
    my $id = $place->added(taskId => fresh_id(), window => 30);
    ok($stream->wait_task, 'fritz is offered a task');
    my $left = now();
    $stream->disconnect;
    is($place->operator('fritz')->{status}, 'selects', 'while the grace runs he still selects');
    my $event = $from_gerda->wait_task(deadline => 10);
    is($event->json->{taskId}, $id, 'gerda gets it');
    my $took = $event->{at} - $left;
    ok($took >= 1.5, sprintf 'after the grace (%.2f s)', $took);
    is_deeply($place->task($id)->result->{history}[0]{outcome}, 'lost', 'history says lost');
    $place->withdraw($id);
    $gerda->exit;
};

subtest 'one tab less is no leaving' => sub {
    my $hans = $place->op('hans');
    my @tabs = map { $hans->stream } 1 .. 2;
    $tabs[0]->disconnect;
    my $id = $place->added(taskId => fresh_id());
    is($tabs[1]->wait_task->json->{taskId}, $id, 'the other tab is served');
    is($place->operator('hans')->{status}, 'selects', 'he was never away');
    $place->withdraw($id);
    $hans->exit;
};

subtest 'who holds a task and goes away keeps it' => sub {
    my $ida = $place->op('ida');
    my $stream = $ida->stream;
    my $id = $place->added(taskId => fresh_id());
    $stream->wait_task;
    is_good($ida->assign($id), 200, 'taken');
    $stream->disconnect;
    my $other = $place->op('karl');
    my $from_other = $other->stream;
    my $probe = $place->added(taskId => fresh_id(), window => 2);
    ok($from_other->wait_task, 'karl is offered another') && $from_other->wait_event(type => 'closed');
    is($place->state($id), 'assigned', 'after the grace it is still hers');
    is_deeply([map { $_->{taskId} } $ida->my_tasks], [$id], 'my-tasks has it');
    my $again = $ida->stream;
    ok(!$again->wait_event(type => 'closed', deadline => 0.1), 'she comes back');
    is_good($ida->complete($id), 200, 'and completes it');
    $place->withdraw($probe);
    $_->exit for $ida, $other;
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksReconnectGrace 1500ms
