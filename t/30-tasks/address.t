# A task for one man: operatorId (assigned already, kept while he is away) and prefer (his first, then anyone's).
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my ($anna, $boris) = map { $place->op($_) } qw(anna boris);

subtest 'QT-18, QT-31: assigned=true' => sub {
    my $stream = $anna->stream;
    my $id = $place->added(taskId => fresh_id(), operatorId => 'anna', payload => 7);
    my $event = $stream->wait_task;
    like($event->raw, qr/\Aevent: task\ndata: \{"taskId":"\Q$id\E","assigned":true[,}]/, 'told as his already');
    is($event->json->{payload}, 7, 'with its payload');
    is($place->state($id), 'assigned', 'the task is assigned');
    is($place->task($id)->result->{operatorId}, 'anna', 'to her');
    is_bad($anna->reject($id), 403, 0, 'QT-3, QT-18: she can not refuse');
    is_bad($anna->assign($id), 403, 0, 'nor take what is hers');
    is($place->operator('anna')->{status}, 'busy', 'it holds her capacity');
    is_good($anna->complete($id), 200, 'complete');
    $anna->exit;
};

subtest 'QT-44, A-7: kept while he is away' => sub {
    my $id = $place->added(taskId => fresh_id(), operatorId => 'clara');
    my $clara = $place->op('clara');
    my $other = $boris->stream;
    $place->wait_operator('boris', 'free');
    my $probe = $place->added(taskId => fresh_id());
    is($other->wait_task->json->{taskId}, $probe, 'nobody else is offered it: boris gets what came later');
    my $stream = $clara->stream;
    my $event = $stream->wait_task;
    is($event->json->{taskId}, $id, 'clara finds it when she comes');
    ok($event->json->{assigned}, 'as hers');
    is_good($clara->complete($id), 200, 'and is done with it');
    is_good($boris->assign($probe), 200, 'boris takes his') && is_good($boris->complete($probe), 200, 'done');
    $_->exit for $clara, $boris;
};

subtest 'take-free returns it first' => sub {
    my $common = $place->added(taskId => fresh_id('common'), priority => 9);
    my $his = $place->added(taskId => fresh_id('his'), operatorId => 'diana', payload => { x => 1 });
    my $diana = $place->op('diana');
    my $answer = $diana->take_free;
    is_good($answer, 200, 'take-free');
    is($answer->result->{taskId}, $his, 'her own goes before any other');
    is_deeply($answer->result->{payload}, { x => 1 }, 'with its payload');
    is_good($diana->complete($his), 200, 'complete');
    is($diana->take_free->result->{taskId}, $common, 'then the others');
    is_good($diana->complete($common), 200, 'complete');
};

subtest 'told at once, beyond capacity' => sub {
    my $eva = $place->op('eva');
    my $stream = $eva->stream;
    my $id = $place->added(taskId => fresh_id());
    ok($stream->wait_task, 'eva decides') && is_good($eva->assign($id), 200, 'and takes: her capacity of 1 is used');
    my $more = $place->added(taskId => fresh_id(), operatorId => 'eva');
    my $event = $stream->wait_task;
    is($event->json->{taskId}, $more, 'what is addressed to her is told all the same');
    my $third = $place->added(taskId => fresh_id());
    is_good($eva->complete($id), 200, 'one done');
    is($place->state($third), 'ready', 'she still holds one: no offer');
    is_good($eva->complete($more), 200, 'both done');
    is($stream->wait_task->json->{taskId}, $third, 'now she is offered the next');
    $place->withdraw($third);
    $eva->exit;
};

subtest 'prefer: his first, after preferFor anyone\'s' => sub {
    my ($fritz, $gerda) = map { $place->op($_) } qw(fritz gerda);
    my $from_gerda = $gerda->stream;
    $place->wait_operator('gerda', 'free');
    my $from_fritz = $fritz->stream;
    $place->wait_operator('fritz', 'free');
    my $id = $place->added(taskId => fresh_id(), prefer => 'fritz', preferFor => 30);
    my $event = $from_fritz->wait_task;
    is($event->json->{taskId}, $id, 'the preferred one gets it, though another stands before him');
    ok(!$event->json->{assigned}, 'as an offer');
    is_good($fritz->assign($id), 200, 'he takes it');
    my $second = $place->added(taskId => fresh_id(), prefer => 'fritz', preferFor => 0.3);
    is($place->state($second), 'ready', 'while he is busy it waits for him');
    is($from_gerda->wait_task->json->{taskId}, $second, 'after preferFor it is for anyone');
    is_good($gerda->assign($second), 200, 'gerda takes it');
    is_good($gerda->complete($second), 200, 'done') && is_good($fritz->complete($id), 200, 'done');
    my $unfit = $place->added(taskId => fresh_id(), prefer => 'fritz', labels => ['he-lacks-it']);
    is($place->state($unfit), 'ready', 'to be preferred is no label: who does not fit is not offered it');
    is_good($place->withdraw($unfit), 200, 'withdrawn');
    my $third = $place->added(taskId => fresh_id(), prefer => 'nobody-yet');
    my $fourth = $place->added(taskId => fresh_id());
    my ($who) = grep { $_->wait_task(deadline => 2) } $from_gerda, $from_fritz;
    ok($who, 'a common task passes it');
    is($place->state($third), 'ready', 'without preferFor it waits for the preferred one');
    $place->withdraw($_) for $third, $fourth;
    $_->exit for $fritz, $gerda;
};

$place->check_ok;
done_testing();
