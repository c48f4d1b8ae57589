# The host's word on an assignment: yes, taken, not him, no answer; and what becomes of task, offer and place.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Host;
use QueueTasks::Test;

my $host = Host->start(conf => Host::place_conf('once', 'QueueTasksZone once 1m', 'QueueTasksTurn once'));
my $place = place(undef, server => $host->server, path => '/q');

# An operator who waits, behind those who do already: (operator, his stream).
sub waiting
{
    my ($name, $where) = @_;
    $where //= $place;
    my $op = $where->op($name);
    my $stream = $op->stream;
    $where->wait_operator($name, 'free') or die "$name does not wait";
    return ($op, $stream);
}

# A task that is on offer to whose stream it is: (id, token).
sub on_offer
{
    my ($stream, $prefix, %task) = @_;
    my $id = $place->added(taskId => fresh_id($prefix), %task);
    my $event = $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $id }) or die "$id was not offered";
    return ($id, $event->json->{offer});
}

# Let the grace pass of all who have left by now: one who leaves later has lost his place.
sub pass_grace
{
    my ($where) = @_;
    my $op = $where->op(fresh_id('clock'));
    $op->stream->disconnect;
    $where->wait_operator($op->user, '') or die 'the grace does not end';
}

sub is_refused
{
    my ($answer, $text, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_bad($answer, 403, 910, $name) && is($answer->json->{error}, $text, "$name, in the host's words");
}

sub order { return [map { "$_->{operatorId} $_->{status}" } $_[0]->operators] }
sub past { return [map { "$_->{operatorId} $_->{outcome}" } @{ $_[0]->task($_[1])->result->{history} }] }

subtest 'QT-3, QT-28: yes' => sub {
    my ($anna, $stream) = waiting('anna');
    for my $prefix ('yes', 'plain') {
        my ($id, $offer) = on_offer($stream, $prefix);
        $host->listen;
        is_bad($place->op('boris')->assign($id), 403, 0, 'to whom it is not on offer');
        is_bad($anna->assign($id, offer => 'another'), 410, 13, 'nor with a wrong token');
        is_deeply($host->asked, [], 'for these the host is not asked');
        is_good($anna->assign($id, offer => $offer), 200, "$prefix: it is hers");
        is_deeply($host->asked, ["try_assign anna $id"], 'the host was asked, once');
        is($place->state($id), 'assigned', 'assigned');
        is_deeply($stream->wait_event(type => 'closed')->json, { taskId => $id, reason => 'assigned' }, 'every tab is told');
        is_good($anna->complete($id), 200, 'done');
    }
    $anna->exit;
};

subtest 'QT-28: the host knows who, what, and with which payload' => sub {
    my ($anna, $stream) = waiting('Алла');
    my ($id) = on_offer($stream, 'told', payload => { title => 'Звонок', n => [1, 2] });
    my $error = $anna->assign($id)->json->{error};
    my ($who, $what, $payload) = split /\|/, $error, 3;
    is($who, 'Алла', 'QT-25: the operator is the caller');
    is($what, $id, 'the task is his');
    is_deeply(JSON::PP->new->decode($payload), { title => 'Звонок', n => [1, 2] }, 'the payload is as it was added');
    ($id) = on_offer($stream, 'told');
    is_refused($anna->assign($id), "Алла|$id|none", 'no payload is none');
    $anna->exit;
};

subtest 'QT-3, QT-36, QT-61: taken: the task is dropped, the operator keeps his place' => sub {
    my ($anna, $from_anna) = waiting('diana');
    my ($boris, $from_boris) = waiting('dora');
    my ($id, $offer) = on_offer($from_anna, 'taken');
    is_refused($anna->assign($id), 'Задача уже назначена: "другой оператор"', '403/910');
    is($place->state($id), 'withdrawn', "it is somebody else's: dropped");
    is_deeply(past($place, $id), ['diana refused'], 'its history says refused');
    is_deeply($from_anna->wait_event(type => 'closed')->json, { taskId => $id, reason => 'withdrawn' }, 'she is told that it is over');
    is_deeply(order($place), ['diana free', 'dora free'], 'she stands where she stood, free');
    is(scalar($from_boris->seen('task')), 0, 'nobody else was offered it');
    is_bad($anna->assign($id), 403, 0, 'a second click is 403/0');
    my ($next) = on_offer($from_anna, 'yes');
    is_good($anna->assign($next), 200, 'the next new task is hers') && is_good($anna->complete($next), 200, 'done');
    $_->exit for $anna, $boris;
};

subtest 'QT-8: whatever the host says, the answer is an envelope' => sub {
    my ($anna, $stream) = waiting('eva');
    my ($id) = on_offer($stream, 'mute');
    is_bad($anna->assign($id), 403, 910, 'no text: there is one all the same');
    ($id) = on_offer($stream, 'garbled');
    is_refused($anna->assign($id), "a\x{fffd}b\n\"c\"", 'bytes that are no UTF-8 do not break it');
    $anna->exit;
};

subtest 'A-16: not him: the next is offered it' => sub {
    my ($anna, $from_anna) = waiting('fanny');
    my ($boris, $from_boris) = waiting('fritz');
    my ($id, $offer) = on_offer($from_anna, 'nothim-fanny');
    is_refused($anna->assign($id), 'not for fanny', '403/910');
    my $event = $from_boris->wait_task;
    is($event->json->{taskId}, $id, 'the other is offered it at once');
    is($event->json->{attempt}, 2, 'as the second attempt');
    isnt($event->json->{offer}, $offer, 'under a token of his own');
    is_deeply($from_anna->wait_event(type => 'closed')->json, { taskId => $id, reason => 'withdrawn' }, 'she is told that it is over');
    is_deeply(order($place), ['fanny free', 'fritz selects'], 'QT-36: she stands where she stood, free');
    is_good($boris->assign($id), 200, 'to him the host gives it');
    is_deeply(past($place, $id), ['fanny refused', 'fritz assigned'], 'history tells both');
    is_good($boris->complete($id), 200, 'done');
    $boris->exit;
    ok($place->wait_operator('fritz', ''), 'she is alone now');
    ($id) = on_offer($from_anna, 'nothim-fanny');
    is_refused($anna->assign($id), 'not for fanny', 'refused again');
    is($place->state($id), 'ready', 'QT-45: nobody else is there: it waits');
    my ($next) = on_offer($from_anna, 'yes');
    is_good($anna->assign($next), 200, 'she is offered others') && is_good($anna->complete($next), 200, 'done');
    is($place->state($id), 'ready', 'and not this one again');
    $place->withdraw($id);
    $anna->exit;
};

subtest 'QT-55: no answer: nothing has changed' => sub {
    for my $prefix ('silent', 'odd') {
        my ($anna, $from_anna) = waiting("gerda-$prefix");
        my ($boris, $from_boris) = waiting("gustav-$prefix");
        my ($id, $offer) = on_offer($from_anna, $prefix);
        my ($before) = $anna->my_tasks;
        is_bad($anna->assign($id, offer => $offer), 502, 11, "$prefix: 502/11");
        my ($after) = $anna->my_tasks;
        is($after->{$_}, $before->{$_}, "her offer stands: $_") for qw(taskId offer expiresAt attempt);
        is($place->state($id), 'offered', 'the task is on offer');
        is_deeply(order($place), ["gerda-$prefix selects", "gustav-$prefix free"], 'to her, in her place');
        is(scalar($from_anna->seen('closed')), 0, 'her tabs were told nothing');
        is_bad($anna->assign($id, offer => $offer), 502, 11, 'she may ask again');
        is_good($anna->reject($id, offer => $offer), 200, 'or refuse it');
        is($from_boris->wait_task->json->{taskId}, $id, 'which passes it on');
        is_good($place->withdraw($id), 200, 'withdrawn');
        $_->exit for $anna, $boris;
    }
};

subtest 'QT-55: no answer: the window goes on and ends as if nobody had asked' => sub {
    my ($anna, $from_anna) = waiting('hanna');
    my ($boris, $from_boris) = waiting('hans');
    my ($id) = on_offer($from_anna, 'silent', window => 1);
    is_bad($anna->assign($id), 502, 11, '502/11');
    is_deeply($from_anna->wait_event(type => 'closed')->json, { taskId => $id, reason => 'expired' }, 'it expires');
    is($from_boris->wait_task->json->{taskId}, $id, 'and goes to the next');
    is_good($place->withdraw($id), 200, 'withdrawn');
    $_->exit for $anna, $boris;
};

subtest 'turn once' => sub {
    my $once = place(undef, server => $host->server, path => '/once');
    my $offer_to = sub {
        my ($name, $prefix) = @_;
        my ($op, $stream) = waiting($name, $once);
        my $id = $once->added(taskId => fresh_id($prefix));
        $stream->wait_task && $stream->closed_within(5) or die "$name: no task and end";
        return ($op, $id);
    };
    my ($anna, $id) = $offer_to->('anna', 'yes');
    is_good($anna->assign($id), 200, 'yes');
    is($once->state($id), 'done', 'an assignment is the end of our part');
    ok($once->wait_operator('anna', ''), 'QT-36: she has left the queue');
    for my $prefix ('taken', 'nothim-bertha') {
        my ($bertha, $hers) = $offer_to->('bertha', $prefix);
        pass_grace($once);
        is($once->operator('bertha')->{status}, 'selects', 'longer than the grace she thinks');
        is_bad($bertha->assign($hers), 403, 910, $prefix);
        ok($once->wait_operator('bertha', '', 2), 'QT-61: refused and without a stream she is no ghost in the queue');
        $once->withdraw($hers);
    }
    ($anna, $id) = $offer_to->('anna', 'nothim-anna');
    my ($boris, $from_boris) = waiting('boris', $once);
    is_bad($anna->assign($id), 403, 910, 'not her');
    is($from_boris->wait_task->json->{taskId}, $id, 'the next is offered it');
    my $again = $anna->stream;
    ok($once->wait_operator('anna', 'free'), 'QT-36: a new wait-sse makes her free');
    is_deeply(order($once), ['anna free', 'boris selects'], 'in her old place');
    is_good($boris->assign($id), 200, 'the other takes it');
    $anna->exit;
    $once->check_ok;
};

$place->check_ok;
ok($host->server->stop, 'the server stops');
is_error_free($host->server, 'its log is clean');
done_testing();
