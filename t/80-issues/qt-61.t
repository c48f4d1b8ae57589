# QT-61, QT-60: turn once, and the offer is withdrawn while he decides without a stream: he is no ghost in the queue.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

# Let the grace pass of all who have left by now: one who leaves later has lost his place.
sub pass_grace
{
    my $op = $place->op(fresh_id('clock'));
    $op->stream->disconnect;
    ok($place->wait_operator($op->user, ''), 'the grace passes');
}

for my $late (0, 1) {
    subtest $late ? 'after the grace' : 'within the grace' => sub {
        my $anna = $place->op("anna$late");
        my $stream = $anna->stream;
        $place->wait_operator($anna->user, 'free');
        my $id = $place->added(taskId => fresh_id());
        ok($stream->wait_task && $stream->closed_within(5), 'she is offered a task, and her stream ends');
        pass_grace() if $late;
        is($place->operator($anna->user)->{status}, 'selects', 'she decides');
        is_good($place->withdraw($id), 200, 'the task is withdrawn');
        ok($place->wait_operator($anna->user, ''), 'QT-61, QT-60: with no stream and no offer she has no place');
    };
}

$place->check_ok;
done_testing();

__DATA__
QueueTasksTurn once
QueueTasksDecisionWindow 20s
QueueTasksReconnectGrace 100ms
