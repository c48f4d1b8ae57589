# A host that takes its time: the task is nobody else's meanwhile, nobody else waits, and whatever happens meanwhile ends well.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Host;
use QueueTasks::Test;

my $host = Host->start;
my $place = place(undef, server => $host->server, path => '/q');

# An operator who waits, who is offered a task about which the host will think: (operator, stream, id, token).
sub with_slow_task
{
    my ($name, %task) = @_;
    my $op = $place->op($name);
    my $stream = $op->stream;
    $place->wait_operator($name, 'free') or die "$name does not wait";
    my $id = $place->added(taskId => fresh_id('slow'), %task);
    my $event = $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $id }) or die "$id was not offered";
    return ($op, $stream, $id, $event->json->{offer});
}

# His assign, which stands at the gate.
sub assigning
{
    my ($op, $id) = @_;
    my $call = $host->later($op, 'POST', uri($id) . '/assign');
    ok($host->someone_waits, 'the host thinks');
    is($place->state($id), 'assigning', 'the task is assigning');
    return $call;
}

# Let the window of an offer to another pass: it began later and is as long.
sub pass_window
{
    my ($window) = @_;
    my $op = $place->op(fresh_id('clock'));
    my $stream = $op->stream;
    my $id = $place->added(taskId => fresh_id('clock'), prefer => $op->user, window => $window);
    ok($stream->wait_event(type => 'closed'), 'a window passes');
    $place->withdraw($id);
    $op->exit;
}

subtest 'QT-55, QT-56: it is nobody else\'s, and the window does not end' => sub {
    my ($anna, $stream, $id, $offer) = with_slow_task('anna', window => 2);
    my $call = assigning($anna, $id);
    my $boris = $place->op('boris');
    is($boris->take_free->result->{taskId}, undef, 'QT-42: take-free of another: null');
    is_bad($boris->assign($id), 403, 0, 'assign by another: 403/0');
    is_bad($anna->assign($id), 403, 0, 'her other tab is late');
    is_bad($anna->assign($id, offer => $offer), 410, 13, 'with the token, too');
    is_bad($anna->$_($id), 403, 0, "$_ is not to be had now") for qw(reject complete release extend);
    is($place->operator('anna')->{status}, 'selects', 'she selects');
    my $tab = $anna->stream;
    pass_window(2);
    is($place->state($id), 'assigning', 'her window is over, and it is still hers to be given');
    is(scalar($stream->seen('closed')), 0, 'she was told of no end');
    ok($host->unanswered($call), 'the answer is still to come');
    ok($host->let_go('y'), 'the host says yes');
    is_good($host->answer($call), 200, 'it is hers');
    is($place->state($id), 'assigned', 'assigned');
    is_deeply($_->wait_event(type => 'closed')->json, { taskId => $id, reason => 'assigned' }, 'her tab is told') for $stream, $tab;
    is_good($anna->complete($id), 200, 'done');
    $anna->exit;
};

subtest 'QT-65: nobody else waits' => sub {
    my ($anna, $stream, $id) = with_slow_task('clara');
    my $call = assigning($anna, $id);
    my $boris = $place->op('conrad');
    my $from_boris = $boris->stream;
    my $cycles = 0;
    for (1 .. 20) {
        my $other = $place->added(taskId => fresh_id('yes'));
        my $event = $from_boris->wait_task(deadline => 5);
        last if !$event || $event->json->{taskId} ne $other || $boris->assign($other)->status != 200 || $boris->complete($other)->status != 200;
        $cycles++;
    }
    is($cycles, 20, 'another works through 20 tasks');
    ok($stream->wait_event(type => 'connection'), 'her own stream gets its keep-alives');
    $place->check_ok('every invariant holds meanwhile');
    ok($host->unanswered($call), 'and all the while the host thought');
    ok($host->let_go('t'), 'the host says that it is taken');
    is_bad($host->answer($call), 403, 910, '403/910');
    is($place->operator('clara')->{status}, 'free', 'she is free');
    $_->exit for $anna, $boris;
};

subtest 'withdrawn meanwhile' => sub {
    my ($anna, $stream, $id) = with_slow_task('diana');
    my $call = assigning($anna, $id);
    is_good($place->withdraw($id), 200, 'withdrawn');
    is_deeply($stream->wait_event(type => 'closed')->json, { taskId => $id, reason => 'withdrawn' }, 'she is told at once');
    my $next = $place->added(taskId => fresh_id('yes'));
    is($stream->wait_task->json->{taskId}, $next, 'and offered the next');
    ok($host->let_go('y'), 'the host says yes to what is gone');
    is_bad($host->answer($call), 403, 0, '403/0');
    is($place->state($id), 'withdrawn', 'it stays withdrawn');
    is($place->state($next), 'offered', 'the next is hers to decide');
    $place->withdraw($next);
    $anna->exit;
};

subtest 'no answer, when the window is over' => sub {
    my ($anna, $stream, $id) = with_slow_task('eva', window => 2);
    my $boris = $place->op('emil');
    my $from_boris = $boris->stream;
    my $call = assigning($anna, $id);
    is_good($boris->pause, 200, 'emil looks away');
    pass_window(2);
    is_good($boris->ready, 200, 'and back');
    ok($host->let_go('s'), 'the host has nothing to say');
    is_bad($host->answer($call), 502, 11, '502/11');
    is_deeply($stream->wait_event(type => 'closed')->json, { taskId => $id, reason => 'expired' }, 'the offer is over');
    is($from_boris->wait_task->json->{taskId}, $id, 'and goes to the next');
    $place->withdraw($id);
    $_->exit for $anna, $boris;
};

subtest 'the caller hangs up meanwhile' => sub {
    my ($anna, $stream, $id) = with_slow_task('fanny');
    my $call = assigning($anna, $id);
    $call->disconnect;
    ok($host->let_go('y'), 'the host says yes to nobody');
    ok($place->wait_state($id, 'assigned'), 'the host\'s word counts');
    is_deeply([map { $_->{taskId} } $anna->my_tasks], [$id], 'she finds it');
    is_good($anna->complete($id), 200, 'done');
    $anna->exit;
};

# She leaves while the host thinks: letter, and what must come of it.
for my $way ('exit', 'broken connection') {
    subtest "$way meanwhile" => sub {
        my $leave = sub {
            my ($op, $stream) = @_;
            $way eq 'exit' ? $op->exit : $stream->disconnect;
            ok($place->wait_operator($op->user, ''), 'she has left the queue');
        };
        my $name = $way =~ s/ .*//r;
        my ($anna, $stream, $id) = with_slow_task("greta-$name");
        my $call = assigning($anna, $id);
        $leave->($anna, $stream);
        ok($host->let_go('y'), 'the host says yes');
        is_good($host->answer($call), 200, 'it is hers');
        is($place->task($id)->result->{operatorId}, $anna->user, 'though she is gone');
        is_good($anna->complete($id), 200, 'she may complete it');
        ($anna, $stream, $id) = with_slow_task("hanna-$name");
        my $boris = $place->op("hans-$name");
        my $from_boris = $boris->stream;
        $call = assigning($anna, $id);
        $leave->($anna, $stream);
        ok($host->let_go('s'), 'the host has nothing to say');
        is_bad($host->answer($call), 502, 11, '502/11');
        my $event = $from_boris->wait_task(deadline => 5);
        is($event && $event->json->{taskId}, $id, 'what nobody decides goes to the next, not after the window');
        $place->withdraw($id);
        $boris->exit;
    };
}

$place->check_ok;
ok($host->server->stop, 'the server stops');
is_error_free($host->server, 'its log is clean');
done_testing();
