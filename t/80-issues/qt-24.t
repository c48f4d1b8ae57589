# QT-24: own timings: each Location has its window and keep-alive, each task its window, in one zone and for one queue.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my ($place, $calm) = (place(), place('calm'));
my ($anna, $boris) = ($place->op('anna'), $calm->op('boris'));
my ($from_anna, $from_boris) = ($anna->stream, $boris->stream);
ok($place->wait_operator($_, 'free'), "$_ waits") for 'anna', 'boris';

my ($retry) = $from_boris->wait_raw(qr/^retry:/m) && $from_boris->retry;
is($retry, 9000, 'QT-24: his page comes back after his interval');
ok($from_anna->wait_event(type => 'connection'), 'QT-24: hers gets its keep-alives') for 1 .. 3;
is(scalar($from_boris->seen('connection')), 0, 'his none so soon');

my %left;
for my $to ([anna => $from_anna], [boris => $from_boris]) {
    my ($name, $stream) = @$to;
    my $id = $place->added(taskId => fresh_id(), prefer => $name);
    $left{$name} = $stream->wait_task->json->{secondsLeft};
    $place->withdraw($id);
    $id = $place->added(taskId => fresh_id(), prefer => $name, window => 700);
    $left{"$name, own"} = $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $id })->json->{secondsLeft};
    $place->withdraw($id);
}
is_deeply(\%left, { anna => 30, boris => 90, 'anna, own' => 700, 'boris, own' => 700 }, "QT-24: the window is the operator's Location's, or the task's own");

$_->exit for $anna, $boris;
$place->check_ok;
done_testing();

__DATA__
QueueTasksDecisionWindow 30s
QueueTasksKeepAlive 50ms
[calm]
QueueTasksDecisionWindow 90s
QueueTasksKeepAlive 60s
QueueTasksRetry 9s
