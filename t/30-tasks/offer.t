# ready -> offered: who gets a task, and the exact bytes he reads.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my ($anna, $boris, $clara) = map { $place->op($_) } qw(anna boris clara);

subtest 'QT-12: the task event' => sub {
    my $stream = $anna->stream;
    my $id = $place->added(taskId => '171', payload => { title => 'Звонок' });
    my $event = $stream->wait_task;
    ok($event, 'comes') or return;
    like($event->raw, qr/\Aevent: task\ndata: \{"taskId":"171","assigned":false,"offer":/, 'begins with exactly these bytes');
    like($event->raw, qr/\}\n\n\z/, 'ends in one empty line');
    unlike($event->raw, qr/\r/, 'has LF alone');
    unlike($event->raw, qr/^id:/m, 'QT-15: has no id');
    is(() = $event->raw =~ /\n/g, 3, 'is three lines');
    my $json = $event->json;
    is($json->{taskId}, '171', 'names the task');
    like($json->{offer}, qr/^\S+$/, 'has a token of the offer');
    like($json->{$_}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, "$_ is ISO-8601 UTC") for qw(serverTime expiresAt);
    ok($json->{secondsLeft} > 0 && $json->{secondsLeft} <= 20, 'secondsLeft is what is left of the window');
    is($json->{attempt}, 1, 'attempt counts offers');
    is_deeply($json->{payload}, { title => 'Звонок' }, 'the payload is as it was added');
    is_good($anna->assign($id), 200, 'QT-3: assign');
    is_good($anna->complete($id), 200, 'complete');
    $stream->disconnect;
    ok($place->wait_operator('anna', ''), 'who leaves is out of the queue after the grace');
};

subtest 'QT-12: the shortest task event' => sub {
    my $stream = $anna->stream;
    $place->added(taskId => '20');
    my $event = $stream->wait_task;
    like($event->raw, qr/\Aevent: task\ndata: \{"taskId":"20","assigned":false,/, 'taskId is a string');
    ok(!exists $event->json->{payload}, 'no payload where none was given');
    is_good($anna->reject('20'), 200, 'QT-4: reject');
    is_good($place->withdraw('20'), 200, 'withdrawn');
    is_good($anna->exit, 200, 'leaves');
};

subtest 'QT-33, QT-34: order of joining; QT-52: nobody gets two' => sub {
    my @streams = ($boris->stream);
    ok($place->wait_operator('boris', 'free'), 'boris waits');
    push @streams, $clara->stream;
    ok($place->wait_operator('clara', 'free'), 'clara waits behind him');
    is_deeply([map { $_->{operatorId} } $place->operators], ['boris', 'clara'], 'the queue is in order of joining');
    my @ids = map { $place->added(taskId => fresh_id()) } 1 .. 3;
    is($streams[0]->wait_task->json->{taskId}, $ids[0], 'the first task is for the first');
    is($streams[1]->wait_task->json->{taskId}, $ids[1], 'the second for the second');
    is($place->state($ids[2]), 'ready', 'QT-51: the third waits');
    is_good($boris->assign($ids[0]), 200, 'boris takes his');
    is($place->state($ids[2]), 'ready', 'QT-35: who holds a task gets no other');
    is_good($boris->complete($ids[0]), 200, 'boris is done');
    is($streams[0]->wait_task->json->{taskId}, $ids[2], 'free again, he gets the third at once');
    is(scalar($streams[1]->seen('task')), 0, 'clara has seen one task only');
    is_good($clara->assign($ids[1]), 200, 'clara takes hers');
    is_good($boris->assign($ids[2]), 200, 'boris takes his second');
    is_good($clara->complete($ids[1]), 200, 'done') && is_good($boris->complete($ids[2]), 200, 'done');
    $_->exit for $boris, $clara;
};

subtest 'QT-35, QT-40: all tabs see the same offer, one entry' => sub {
    my $diana = $place->op('diana');
    my @tabs = map { $diana->stream } 1 .. 3;
    is(scalar(grep { $_->{operatorId} eq 'diana' } $place->operators), 1, 'one entry for three tabs');
    my $id = $place->added(taskId => fresh_id());
    my @offers = map { $_->wait_task->json->{offer} } @tabs;
    is_deeply(\@offers, [($offers[0]) x 3], 'the same offer in every tab');
    is_good($diana->assign($id, offer => $offers[0]), 200, 'the first tab takes it');
    is_bad($diana->assign($id, offer => $offers[1]), 410, 13, 'the second is late');
    for my $tab (@tabs) {
        my $closed = $tab->wait_event(type => 'closed');
        is_deeply($closed->json, { taskId => $id, reason => 'assigned' }, 'every tab is told how it ended');
        like($closed->raw, qr/\Aevent: closed\ndata: \{"taskId":"\Q$id\E","reason":"assigned"\}\n\n\z/, 'in these bytes');
    }
    is_good($diana->complete($id), 200, 'done');
    $diana->exit;
};

subtest 'QT-50: joining and looking is one step' => sub {
    my $eva = $place->op('eva');
    my $none = $eva->take_free;
    is_good($none, 200, 'QT-1: nothing there');
    like($none->body, qr/"result":\{"taskId":null\}/, 'QT-1: says so in these bytes');
    my $id = $place->added(taskId => fresh_id());
    my $stream = $eva->stream;
    is($stream->wait_task->json->{taskId}, $id, 'what was added before the stream opened is offered on it');
    is_good($eva->assign($id), 200, 'taken') && is_good($eva->complete($id), 200, 'done');
    $eva->exit;
};

$place->check_ok;
done_testing();
