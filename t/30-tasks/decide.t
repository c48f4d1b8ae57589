# offered -> assigned, offered -> ready by refusal: who may decide, when, and what everybody is told.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my ($anna, $boris) = map { $place->op($_) } qw(anna boris);
my $from_anna = $anna->stream;
ok($place->wait_operator('anna', 'free'), 'anna waits');
my $from_boris = $boris->stream;
ok($place->wait_operator('boris', 'free'), 'boris waits');

subtest 'QT-3: only who has the offer decides' => sub {
    my $id = $place->added(taskId => fresh_id());
    my $offer = $from_anna->wait_task->json->{offer};
    is($place->operator('anna')->{status}, 'selects', 'QT-6: anna selects');
    is_deeply($place->operator('anna')->{tasks}, [$id], 'her entry names the task');
    is_bad($boris->$_($id), 403, 0, "$_ by another is 403/0") for qw(assign reject complete extend release);
    is_bad($anna->assign('no-such-task'), 403, 0, 'an unknown id is 403/0');
    is_bad($anna->complete($id), 403, 0, 'complete before assign is 403/0');
    is_bad($anna->assign($id, offer => 'none'), 410, 13, 'a token that is none is 410/13');
    is_good($anna->assign($id, offer => $offer), 200, 'the right token takes it');
    is($place->operator('anna')->{status}, 'busy', 'anna is busy');
    is_bad($anna->assign($id), 403, 0, 'decided is decided: 403/0 without a token');
    is_bad($anna->reject($id), 403, 0, 'reject after assign is 403/0');
    is_bad($boris->complete($id), 403, 0, 'only the owner completes');
    is_good($anna->complete($id), 200, 'the owner completes');
    is_bad($anna->complete($id), 403, 0, 'once');
    is($place->operator('anna')->{status}, 'free', 'complete frees anna');
    is($place->state($id), 'done', 'the task is done');
};

subtest 'QT-4, QT-37: reject passes it on at once, the rejecter goes to the tail' => sub {
    # anna completed a task above and so stands behind boris.
    is_deeply([map { $_->{operatorId} } $place->operators], ['boris', 'anna'], 'free again means at the tail');
    my $id = $place->added(taskId => fresh_id());
    my $first = $from_boris->wait_task->json;
    is_good($boris->reject($id, offer => $first->{offer}, json => { reason => 'not mine' }), 200, 'boris refuses');
    my $second = $from_anna->wait_task->json;
    is($second->{taskId}, $id, 'anna gets it at once');
    is($second->{attempt}, 2, 'as the second attempt');
    isnt($second->{offer}, $first->{offer}, 'under a new token');
    is_deeply($from_boris->wait_event(type => 'closed')->json, { taskId => $id, reason => 'rejected' }, 'boris is told that it is over');
    is_deeply([map { $_->{operatorId} } $place->operators], ['anna', 'boris'], 'boris stands at the tail');
    is_bad($boris->assign($id), 403, 0, 'he can not take it any more');
    is_bad($boris->assign($id, offer => $first->{offer}), 410, 13, 'his token is gone');
    is_bad($anna->assign($id, offer => $first->{offer}), 410, 13, 'and is none for anna');
    is_good($anna->assign($id, offer => $second->{offer}), 200, 'anna takes it');
    is_good($anna->complete($id), 200, 'done');
    my ($history) = map { $_->result->{history} } $place->task($id);
    is_deeply([map { [@$_{qw(operatorId outcome)}] } @$history], [['boris', 'rejected'], ['anna', 'completed']], 'history tells both')
        or diag explain $history;
};

subtest 'keeping its age: a refused task goes before a younger one' => sub {
    my ($old, $young);
    $old = $place->added(taskId => fresh_id('old'));
    is($from_boris->wait_task->json->{taskId}, $old, 'boris is offered the old one');
    my $third = $place->added(taskId => fresh_id('other'));
    is($from_anna->wait_task->json->{taskId}, $third, 'anna another');
    $young = $place->added(taskId => fresh_id('young'));
    is_good($boris->reject($old), 200, 'boris refuses the old one');
    is($from_boris->wait_task->json->{taskId}, $young, 'and gets the young one, for the old one rests from him');
    is_good($anna->assign($third), 200, 'anna takes hers') && is_good($anna->complete($third), 200, 'and is done');
    is($from_anna->wait_task->json->{taskId}, $old, 'she gets the old one');
    is_good($anna->assign($old), 200, 'taken') && is_good($anna->complete($old), 200, 'done');
    is_good($boris->assign($young), 200, 'taken') && is_good($boris->complete($young), 200, 'done');
};

subtest 'QT-36: free again means behind who came while he was busy' => sub {
    my $id = $place->added(taskId => fresh_id());
    my ($stream, $op) = $place->operator('anna')->{status} eq 'selects' ? ($from_anna, $anna) : ($from_boris, $boris);
    $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $id });
    is_good($op->assign($id), 200, 'one is busy');
    my $clara = $place->op('clara');
    my $from_clara = $clara->stream;
    ok($place->wait_operator('clara', 'free'), 'clara joins');
    is_good($op->complete($id), 200, 'the busy one is done');
    is([map { $_->{operatorId} } $place->operators]->[-1], $op->user, 'and stands behind her');
    $clara->exit;
};

subtest 'withdrawal reaches who decides and who holds' => sub {
    my $id = $place->added(taskId => fresh_id());
    my ($stream, $op) = $place->operator('anna')->{status} eq 'selects' ? ($from_anna, $anna) : ($from_boris, $boris);
    my $offer = $stream->wait_task->json->{offer};
    my $answer = $place->withdraw($id);
    is_good($answer, 200, 'withdrawn while on offer');
    is($answer->result->{state}, 'withdrawn', 'the answer says so');
    is_deeply($stream->wait_event(type => 'closed')->json, { taskId => $id, reason => 'withdrawn' }, 'he is told');
    is_bad($op->assign($id, offer => $offer), 410, 13, 'his token is gone');
    is_bad($op->assign($id), 403, 0, 'without a token 403/0');
    my $next = $place->added(taskId => fresh_id());
    ($stream, $op) = $place->operator('anna')->{status} eq 'selects' ? ($from_anna, $anna) : ($from_boris, $boris);
    $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $next });
    is_good($op->assign($next), 200, 'another is taken');
    is($place->operator($op->user)->{status}, 'busy', 'he is busy');
    is_good($place->withdraw($next), 200, 'withdrawn while assigned');
    is($place->operator($op->user)->{status}, 'free', 'he is free');
    is_bad($op->complete($next), 403, 0, 'there is nothing to complete');
};

$place->check_ok;
done_testing();
