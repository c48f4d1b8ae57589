# The host's word on who may wait for tasks, or take one.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Host;
use QueueTasks::Test;

my $host = Host->start;
my $place = place(undef, server => $host->server, path => '/q');

subtest 'QT-2, QT-26: who may not' => sub {
    my $barred = $place->op('barred-anna');
    my $id = $place->added(taskId => fresh_id());
    my $stream = $barred->stream(headers => { Connection => 'close' });
    is($stream->status, 204, 'wait-sse is 204, which ends an EventSource for good');
    ok($stream->closed_within(5), 'and over');
    is($stream->raw, '', 'with an empty body');
    is($stream->header('Content-Type'), undef, 'of no type');
    is($place->operator('barred-anna'), undef, 'he has not joined');
    is($barred->call('HEAD', 'wait-sse')->status, 204, 'HEAD tells the same');
    is_bad($barred->take_free, 400, 2, 'QT-1: take-free is 400/2');
    is($place->state($id), 'ready', 'the task waits for others');
    is($place->op('anna')->take_free->result->{taskId}, $id, 'who may takes it');
    is_good($place->op('anna')->complete($id), 200, 'done');
};

subtest 'QT-25, QT-26: the host is asked about the caller, once, with his request at hand' => sub {
    my $boris = $place->op('boris');
    $host->listen;
    my $stream = $boris->stream;
    ok($place->wait_operator('boris', 'free'), 'who may joins');
    is_deeply($host->asked, ['can_wait boris'], 'the host was asked when he came');
    $host->listen;
    is_good($boris->take_free, 200, 'take-free');
    is_deeply($host->asked, ['can_wait boris'], 'and before he takes one');
    $host->listen;
    is_good($boris->pause, 200, 'pause') && is_good($boris->ready, 200, 'ready');
    is(scalar($boris->my_tasks), 0, 'my-tasks');
    is_deeply($host->asked, [], 'what he does in his place needs no leave');
    my $late = $place->op('boris', headers => { 'X-Shift' => 'over' });
    is_bad($late->take_free, 400, 2, 'later the host says no');
    is($late->stream->status, 204, 'to another tab, too');
    is($place->operator('boris')->{status}, 'free', 'the place that he has stands');
    $host->listen;
    is_bad($place->op(undef)->take_free, 401, 3, 'about nobody');
    is_deeply($host->asked, [], 'the host is not asked');
    $boris->exit;
};

subtest 'QT-65: a check that takes longer than the keep-alive can still say no' => sub {
    my $other = $place->op('clara')->stream;
    my $slow = $host->later($place->op('slow-clara'), 'GET', 'wait-sse');
    ok($host->someone_waits, 'the host thinks');
    ok($other->wait_event(type => 'connection'), 'another stream gets its keep-alive') for 1 .. 2;
    ok($host->unanswered($slow), 'this one nothing at all');
    is($place->operator('slow-clara'), undef, 'nor a place in the queue');
    ok($host->let_go('n'), 'the host says no');
    my $answer = $host->answer($slow);
    is($answer->status, 204, '204 is still possible');
    is($answer->body, '', 'with an empty body');
    $slow = $host->later($place->op('slow-clara'), 'GET', 'wait-sse');
    ok($host->let_go('y'), 'another time the host says yes');
    ok($slow->wait_head && $slow->status == 200, 'the stream opens');
    ok($place->wait_operator('slow-clara', 'free'), 'and he waits');
    $place->op($_)->exit for 'clara', 'slow-clara';
};

$place->check_ok;
ok($host->server->stop, 'the server stops');
is_error_free($host->server, 'its log is clean');
done_testing();
