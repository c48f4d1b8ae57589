# delayed -> ready, ready -> expired, and the order among ready tasks.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

subtest 'delay' => sub {
    my $anna = $place->op('anna');
    my $stream = $anna->stream;
    $place->wait_operator('anna', 'free');
    my $began = now();
    my $answer = $place->add_task(taskId => my $id = fresh_id(), delay => 0.5);
    is($answer->result->{state}, 'delayed', 'is told');
    is($anna->take_free->result->{taskId}, undef, 'not given before its time');
    my $event = $stream->wait_task(deadline => 10);
    is($event->json->{taskId}, $id, 'offered at its time, by nobody\'s call');
    ok($event->{at} - $began >= 0.5, sprintf 'not before (%.2f s)', $event->{at} - $began);
    is_good($anna->assign($id), 200, 'taken') && is_good($anna->complete($id), 200, 'done');
    $anna->exit;
};

subtest 'ttl' => sub {
    my $id = $place->added(taskId => fresh_id(), ttl => 0.3);
    ok($place->wait_state($id, 'expired'), 'ready -> expired');
    is($place->op('boris')->take_free->result->{taskId}, undef, 'what has expired is not given');
    my $clara = $place->op('clara');
    my $stream = $clara->stream;
    my $second = $place->added(taskId => fresh_id(), ttl => 0.3);
    ok($stream->wait_task, 'offered within its ttl');
    my $probe = $place->added(taskId => fresh_id(), ttl => 0.5);
    ok($place->wait_state($probe, 'expired'), 'another expires meanwhile');
    is($place->state($second), 'offered', 'the ttl of a task on offer does not count');
    is_good($clara->reject($second), 200, 'it comes back');
    is($place->state($second), 'expired', 'then it counts');
    my $kept = $place->added(taskId => fresh_id(), ttl => 0.3, operatorId => 'clara');
    ok($stream->wait_task(where => sub { $_[0]->json->{taskId} eq $kept }), 'assigned within its ttl');
    my $last = $place->added(taskId => fresh_id(), ttl => 0.5, delay => 0.1, labels => ['nobody']);
    ok($place->wait_state($last, 'expired'), 'delayed, ready, expired');
    is($place->state($kept), 'assigned', 'an assigned task does not expire');
    is_good($clara->complete($kept), 200, 'done');
    $clara->exit;
};

subtest 'priority, then age' => sub {
    my @ids = map { fresh_id() } 1 .. 4;
    my @priorities = (0, 5, 0, 5);
    $place->added(taskId => $ids[$_], priority => $priorities[$_]) for 0 .. 3;
    my @got;
    for (0 .. 3) {
        my $op = $place->op("taker$_");
        push @got, $op->take_free->result->{taskId};
    }
    is_deeply(\@got, [@ids[1, 3, 0, 2]], 'higher first, older first among equals');
    $place->withdraw($_) for @ids;
};

$place->check_ok;
done_testing();
