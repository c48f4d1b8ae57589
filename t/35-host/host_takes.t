# take-free when the host has a word: what it refuses is passed over, and the search ends.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Host;
use QueueTasks::Test;

my $host = Host->start(conf => Host::place_conf('eager', 'QueueTasksZone eager 1m', 'QueueTasksRejectCooldown 0'));
my $place = place(undef, server => $host->server, path => '/q');

sub is_nothing
{
    my ($op, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $answer = $op->take_free;
    return is_good($answer, 200, $name) && is($answer->result->{taskId}, undef, "$name: null");
}

# What the host was asked about, in order.
sub asked_about { return [map { /^try_assign \S+ (\S+)/ ? $1 : () } @{ $host->asked }] }

subtest 'QT-1, QT-28: yes' => sub {
    my $anna = $place->op('anna');
    my $id = $place->added(taskId => fresh_id('yes'), payload => { a => 1 });
    $host->listen;
    my $answer = $anna->take_free;
    is($answer->result->{taskId}, $id, 'she gets it');
    is_deeply($answer->result->{payload}, { a => 1 }, 'with its payload');
    is_deeply($host->asked, ['can_wait anna', "try_assign anna $id"], 'the host was asked whether she may, then for the task');
    is($place->state($id), 'assigned', 'assigned');
    is_good($anna->complete($id), 200, 'done');
};

subtest 'A-16: taken: dropped, and the next is tried' => sub {
    my $anna = $place->op('berta');
    my $gone = $place->added(taskId => fresh_id('taken'), priority => 9);
    my $id = $place->added(taskId => fresh_id('yes'));
    is($anna->take_free->result->{taskId}, $id, 'she gets the next');
    is($place->state($gone), 'withdrawn', 'what is somebody else\'s is dropped');
    is_good($anna->complete($id), 200, 'done');
};

subtest 'QT-29, QT-45: what can not be given to her is passed over, by priority, and waits for others' => sub {
    my ($anna, $boris) = map { $place->op($_) } qw(clara boris);
    my $nobodys = $place->added(taskId => fresh_id('never'), priority => 9);
    my $low = $place->added(taskId => fresh_id('yes-low'));
    my $high = $place->added(taskId => fresh_id('yes-high'), priority => 1);
    my $not_hers = $place->added(taskId => fresh_id('nothim-clara'), priority => 5);
    $host->listen;
    is($anna->take_free->result->{taskId}, $high, 'the first by priority that the host gives her');
    is_deeply(asked_about(), [$nobodys, $not_hers, $high], 'the host was asked in order of priority');
    is($place->state($_), 'ready', 'what it refused her waits') for $nobodys, $not_hers;
    is($boris->take_free->result->{taskId}, $not_hers, 'another gets what she could not');
    is_good($anna->complete($high), 200, 'done') && is_good($boris->complete($not_hers), 200, 'done');
    $place->withdraw($_) for $nobodys, $low;
};

subtest 'QT-66: a host that refuses for ever' => sub {
    my $anna = $place->op('diana');
    my @never = map { $place->added(taskId => fresh_id('never')) } 1 .. 40;
    $host->listen;
    is_nothing($anna, '40 tasks that she may not have');
    my %times;
    $times{$_}++ for @{ asked_about() };
    ok(%times && keys %times <= 32, 'the host was asked a bounded number of times: ' . keys %times);
    is_deeply([grep { $times{$_} > 1 } keys %times], [], 'about no task twice');
    is(scalar(grep { $place->state($_) eq 'ready' } @never), 40, 'all of them wait');
    is_nothing($anna, 'again');
    my $id = $place->added(taskId => fresh_id('yes'), priority => 1);
    is($anna->take_free->result->{taskId}, $id, 'what she may have is hers');
    is_good($anna->complete($id), 200, 'done');
    $place->withdraw($_) for @never;
};

subtest 'QT-66: without a cooldown, too' => sub {
    my $eager = place(undef, server => $host->server, path => '/eager');
    my $anna = $eager->op('anna');
    my $never = $eager->added(taskId => fresh_id('never'));
    $host->listen;
    is_nothing($anna, 'the only task is refused');
    is_deeply(asked_about(), [$never], 'the host was asked about it once');
    my $id = $eager->added(taskId => fresh_id('yes'));
    is($anna->take_free->result->{taskId}, $id, 'what stands behind it is given all the same');
    is_good($anna->complete($id), 200, 'done');
    $eager->check_ok;
};

subtest 'QT-55: no answer' => sub {
    my $anna = $place->op('eva');
    my $id = $place->added(taskId => fresh_id('silent'));
    is_bad($anna->take_free, 502, 11, '502/11');
    is($place->state($id), 'ready', 'the task is where it was');
    is(scalar($anna->my_tasks), 0, 'she has nothing');
    is($place->operator('eva'), undef, 'nor a place');
    my $boris = $place->op('boris');
    my $stream = $boris->stream;
    is($stream->wait_task->json->{taskId}, $id, 'who waits is offered it');
    is_good($place->withdraw($id), 200, 'withdrawn');
    $id = $place->added(taskId => fresh_id('silent'), prefer => 'eva', preferFor => 600);
    is_bad($anna->take_free, 502, 11, 'a task that is first of all for her: 502/11');
    is($place->state($id), 'ready', 'nothing has changed: it waits for her, not for anyone');
    my $past = $place->task($id)->result->{history};
    isnt($past->[-1]{outcome}, 'open', 'and its history has no open end') if @$past;
    $place->withdraw($id);
    $boris->exit;
};

subtest 'QT-31: what was assigned to her by the host is not asked about' => sub {
    my $anna = $place->op('frida');
    my $id = $place->added(taskId => fresh_id('taken'), operatorId => 'frida');
    $host->listen;
    is($anna->take_free->result->{taskId}, $id, 'it is hers already');
    is_deeply(asked_about(), [], 'no question');
    is_good($anna->complete($id), 200, 'done');
};

subtest 'QT-42, QT-55: while the host thinks nobody else gets it' => sub {
    my ($anna, $boris) = map { $place->op($_) } qw(gerda gustav);
    my $id = $place->added(taskId => fresh_id('slow'));
    my $call = $host->later($anna, 'POST', 'take-free');
    ok($host->someone_waits, 'the host thinks');
    is($place->state($id), 'assigning', 'the task is assigning');
    is_nothing($boris, 'another asks');
    my $stream = $boris->stream;
    ok($place->wait_operator('gustav', 'free'), 'another waits, and is offered nothing');
    is_nothing($anna, 'she herself asks once more');
    ok($host->let_go('n'), 'the host says that it is not for her');
    my $answer = $host->answer($call);
    is_good($answer, 200, 'she gets nothing') && is($answer->result->{taskId}, undef, 'null');
    is($stream->wait_task->json->{taskId}, $id, 'who waits is offered it at once');
    $place->withdraw($id);
    $boris->exit;
};

subtest 'withdrawn while the host thinks' => sub {
    my $anna = $place->op('hanna');
    my $id = $place->added(taskId => fresh_id('slow'), priority => 1);
    my $next = $place->added(taskId => fresh_id('yes'));
    my $call = $host->later($anna, 'POST', 'take-free');
    ok($host->someone_waits, 'the host thinks');
    is_good($place->withdraw($id), 200, 'the task is withdrawn');
    ok($host->let_go('y'), 'the host says yes');
    is($host->answer($call)->result->{taskId}, $next, 'she gets the next');
    is($place->state($id), 'withdrawn', 'what is withdrawn stays so');
    is_good($anna->complete($next), 200, 'done');
};

$place->check_ok;
ok($host->server->stop, 'the server stops');
is_error_free($host->server, 'its log is clean');
done_testing();
