# A graceful restart: streams end so that clients come back, nothing stored is lost, it takes seconds; and a stop does too.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $server = QueueTasks::Server->start(serves => 'operator', conf => <<'CONF');
QueueTasksUser "%{req:X-User}"
QueueTasksZone graceful 1m
QueueTasksReconnectGrace 10s
QueueTasksRetry 50ms
CONF
my $place = place(undef, server => $server, path => '/q');

my @ops = map { $place->op("op$_") } 1 .. 8;
my @streams = map { my $s = $_->stream; $place->wait_operator($_->user, 'free'); $s } @ops;
my ($held, $offered) = map { $place->added(taskId => "t$_", payload => $_) } 1 .. 2;
ok($streams[0]->wait_task && $streams[1]->wait_task, 'two are offered tasks');
is_good($ops[0]->assign($held), 200, 'one is taken');
my $token = ($ops[1]->my_tasks)[0]{offer};
my @before = map { $_->{operatorId} } $place->operators;

subtest 'A-41: graceful' => sub {
    my %old = map { $_ => 1 } $server->children;
    my $began = now();
    ok($server->graceful(15), 'a new generation answers');
    is(scalar(grep { $_->closed_within(10) && $_->ended_well } @streams), 8, 'every stream ends well');
    ok(now() - $began < 12, sprintf 'in %.1f s', now() - $began);
    ok($server->wait_for(20, sub { !grep { $old{$_} } $server->children }), 'the old children are gone');
    is($place->state($held), 'assigned', 'what was assigned is assigned');
    is($place->state($offered), 'offered', 'what was on offer is on offer');
    @streams = map { $_->stream } @ops;
    is_deeply([map { $_->{operatorId} } $place->operators], \@before, 'who comes back has his place');
    my $event = $streams[1]->wait_task;
    is($event && $event->json->{offer}, $token, 'and his offer');
    is_good($ops[1]->assign($offered, offer => $token), 200, 'which he takes');
    is_good($ops[0]->complete($held), 200, 'what is held is completed');
    my $id = $place->added(taskId => 'after');
    is($streams[2]->wait_task->json->{taskId}, $id, "new tasks reach the new generation");
    $place->check_ok;
};

subtest 'three in a row' => sub {
    for my $n (1 .. 3) {
        ok($server->graceful(15), "graceful $n");
        @streams = map { $_->stream } @ops[2 .. 4];
    }
    is($place->state($offered), 'assigned', 'the state is kept over all of them');
    $place->check_ok;
};

subtest 'stop' => sub {
    my @more = map { $_->stream } @ops[3 .. 7];
    my $began = now();
    ok($server->stop(15), 'the server stops with streams open');
    ok(now() - $began < 8, sprintf 'in %.1f s', now() - $began);
    is(scalar(grep { $_->closed_within(5) } @more), 5, 'and every stream is over');
};

is_error_free($server, 'its log is clean');
done_testing();
