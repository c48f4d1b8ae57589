# X-2: hundreds of idle streams hold no thread: two children of four threads answer others at once.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $streams = 300;

my $ordinary = $place->op('ordinary');
$ordinary->get('queue-operators') for 1 .. 5;
my $threads = server->threads;
ok($threads, "the server has $threads threads");
my @children = server->children;
# The first in both children, whatever the kernel chooses for the others.
my @streams = map { $place->op("op$_")->stream($_ <= 20 ? (child => $children[$_ % 2]) : ()) } 1 .. $streams;
is(scalar(grep { $_->status == 200 } @streams), $streams, "$streams streams are open");
is(scalar($place->operators), $streams, 'QT-33: as many operators wait');

my $worst = 0;
for (1 .. 50) {
    my $began = now();
    is($ordinary->get('queue-operators')->status, 200, 'an ordinary request') if $_ == 1;
    $ordinary->get('my-tasks') if $_ > 1;
    my $took = now() - $began;
    $worst = $took if $took > $worst;
}
# Held by streams, the eight threads would let nobody in before the first of them ends.
ok($worst < 5, sprintf 'of 50 ordinary requests the slowest took %.3f s', $worst);
is(server->threads, $threads, 'there are no more threads than before');

my @ids = map { $place->added(taskId => fresh_id()) } 1 .. 20;
my $right = 0;
for my $n (0 .. 19) {
    my $event = $streams[$n]->wait_task(deadline => 5);
    $right++ if $event && $event->json->{taskId} eq $ids[$n];
}
is($right, 20, 'X-1: each task reaches the operator whose turn it is, whichever child has him');
$place->withdraw($_) for @ids;
$_->disconnect for @streams;
ok($place->wait_operator('op1', '', 10) && $place->wait_operator("op$streams", '', 10), 'all are gone after the grace');
$place->check_ok;
done_testing();

__DATA__
QueueTasksKeepAlive 20s
QueueTasksDecisionWindow 20s
QueueTasksZone idle 4m
