# QueueTasksTurn once: the original's rules as a whole, one task a stream.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

sub one_turn
{
    my ($place, $user, $query) = @_;
    my $op = $place->op($user);
    my $stream = $op->stream(query => $query);
    $place->wait_operator($user, 'free');
    my $id = $place->added(taskId => fresh_id());
    my $event = $stream->wait_task;
    is($event->json->{taskId}, $id, 'the offer comes');
    ok($stream->closed_within(5) && $stream->ended_well, 'QT-16: and ends the stream');
    is(scalar($stream->seen), 0, 'nothing comes after it');
    return ($op, $id, $event);
}

my $place = place();

subtest 'QT-16: one task a stream, assigned is done' => sub {
    my ($anna, $id) = one_turn($place, 'anna');
    is($place->operator('anna')->{status}, 'selects', 'QT-35: she decides without a stream');
    is_good($anna->assign($id), 200, 'she takes it');
    is($place->state($id), 'done', 'an assignment is the end of our part');
    is_bad($anna->complete($id), 403, 0, 'there is nothing to complete');
    ok($place->wait_operator('anna', ''), 'QT-36: she has left the queue');
};

subtest 'QT-10: a new wait-sse joins at the tail' => sub {
    my ($boris, $id) = one_turn($place, 'boris');
    my $clara = $place->op('clara');
    my $from_clara = $clara->stream;
    $place->wait_operator('clara', 'free');
    is_good($boris->assign($id), 200, 'boris takes his');
    my $again = $boris->stream;
    $place->wait_operator('boris', 'free');
    is_deeply([map { $_->{operatorId} } $place->operators], ['clara', 'boris'], 'and stands behind clara');
    $_->exit for $boris, $clara;
};

subtest 'QT-37: reject leaves the queue' => sub {
    my ($diana, $id) = one_turn($place, 'diana');
    is_good($diana->reject($id), 200, 'refused');
    ok($place->wait_operator('diana', ''), 'she has left the queue');
    is($place->state($id), 'ready', 'the task waits');
    $place->withdraw($id);
};

subtest 'QT-53: a reconnect during the decision shows the offer again' => sub {
    my ($eva, $id, $event) = one_turn($place, 'eva');
    my $again = $eva->stream;
    my $second = $again->wait_task;
    is($second->json->{offer}, $event->json->{offer}, 'the same offer');
    ok($again->closed_within(5), 'and the stream ends again');
    is_good($eva->assign($id), 200, 'taken');
};

subtest '?turn=once where the Location says persistent' => sub {
    my $other = place('persistent');
    my ($fritz, $id) = one_turn($other, 'fritz', 'turn=once');
    is_good($fritz->assign($id), 200, 'taken');
    is($other->state($id), 'done', 'the rules of once hold as a whole');
    my $gerda = $other->op('gerda');
    my $bad = $gerda->get('wait-sse?turn=twice', headers => { Accept => 'text/event-stream' });
    is_bad($bad, 400, 1, 'another word is 400/1');
};

$place->check_ok;
place('persistent')->check_ok;
done_testing();

__DATA__
QueueTasksTurn once
QueueTasksReconnectGrace 100ms
[persistent]
QueueTasksZone once-persistent 1m
