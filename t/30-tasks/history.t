# What is told of a task and of the queue: states, history, the list, figures.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $iso = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

subtest 'the life of one task' => sub {
    my $anna = $place->op('анна');
    my $stream = $anna->stream;
    my $id = $place->added(taskId => fresh_id('Задача'));
    $stream->wait_task;
    my $task = $place->task($id)->result;
    is($task->{state}, 'offered', 'offered');
    is($task->{operatorId}, 'анна', 'to her');
    is($task->{attempt}, 1, 'for the first time');
    is(scalar @{ $task->{history} }, 1, 'history has begun');
    my $past = $task->{history}[0];
    is($past->{operatorId}, 'анна', 'with whom');
    like($past->{at}, $iso, 'with when');
    ok(length $past->{why}, 'with why');
    is_good($anna->assign($id), 200, 'assign');
    is($place->task($id)->result->{history}[0]{outcome}, 'assigned', 'with what became of it');
    is_good($anna->complete($id), 200, 'complete');
    $task = $place->task($id)->result;
    is($task->{state}, 'done', 'an ended task stays readable');
    is($task->{history}[0]{outcome}, 'completed', 'with its history');
    my $again = $place->add_task(taskId => $id);
    is_good($again, 200, 'the same id again is the same task');
    is($again->result->{state}, 'done', 'with its present state');
    is_bad($place->withdraw($id), 409, 6, 'an ended task can not be withdrawn');
    is_bad($place->task('no-such'), 404, 4, 'an unknown one: 404/4');
    $anna->exit;
};

subtest 'QT-6: queue-operators' => sub {
    my @ops = map { $place->op($_, labels => 'b,a') } qw(x y);
    my @streams = map { my $s = $_->stream; $place->wait_operator($_->user, 'free'); $s } @ops;
    my @list = $place->operators;
    is_deeply([map { $_->{operatorId} } @list], ['x', 'y'], 'in queue order');
    for my $one (@list) {
        is_deeply([sort keys %$one], [qw(labels operatorId status tasks time)], 'exactly these members');
        like($one->{time}, $iso, 'time is ISO-8601 UTC');
        is_deeply($one->{labels}, ['a', 'b'], 'labels');
        is_deeply($one->{tasks}, [], 'no tasks');
    }
    $_->exit for @ops;
};

subtest 'GET stats' => sub {
    my $own = place('figures');
    my $op = $own->op('anna');
    my $figures = sub { $own->internal('GET', 'stats')->result };
    is_good($own->internal('GET', 'stats'), 200, 'stats');
    is($figures->()->{tasks}{ready}, 0, 'nothing there');
    my @ids = map { $own->added(taskId => fresh_id()) } 1 .. 3;
    is($figures->()->{tasks}{ready}, 3, 'three are ready');
    is($op->take_free->result->{taskId}, $ids[0], 'one is taken');
    my $now = $figures->();
    is($now->{tasks}{ready}, 2, 'two are left');
    is($now->{tasks}{assigned}, 1, 'one is assigned');
    is($now->{totals}{added}, 3, 'three were added');
    is_good($op->complete($ids[0]), 200, 'done');
    is($figures->()->{totals}{completed}, 1, 'one was completed');
    $own->withdraw($_) for @ids;
    is($figures->()->{totals}{withdrawn}, 2, 'two were withdrawn');
    ok($now->{bytesUsed} > 0 && $now->{bytesUsed} < $now->{bytes}, 'the zone tells how full it is');
};

$place->check_ok;
done_testing();

__DATA__
[figures]
QueueTasksZone history-figures 1m
