# A client that leaves is noticed at once; one that does not read holds up nobody.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use Socket qw(SOL_SOCKET SO_LINGER);
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

# Both are told apart by QueueTasksDetach.
for my $how ('', 'suspended-') {

my $place = place($how . 'small');

subtest "${how}X-8, SP-19: noticed at once, not at the next keep-alive" => sub {
    my %ways = (
        'close' => sub { $_[0]->disconnect },
        'reset' => sub { setsockopt $_[0]->socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0); $_[0]->disconnect },
        'half close' => sub { shutdown $_[0]->socket, 1 },
    );
    for my $way (sort keys %ways) {
        my $anna = $place->op("anna-$way" =~ s/ /-/r);
        my $stream = $anna->stream;
        ok($place->wait_operator($anna->user, 'free'), "$way: she waits");
        $ways{$way}->($stream);
        ok($place->wait_operator($anna->user, 'away'), "$way: she is away");
        $anna->exit;
    }
};

subtest "${how}X-5, SP-44: a client that does not read" => sub {
    my $big = place($how . 'big');
    my $lazy = $big->op('lazy');
    my $brisk = $big->op('brisk');
    my $from_lazy = $lazy->stream;
    $big->wait_operator('lazy', 'free');
    my $from_brisk = $brisk->stream;
    $big->wait_operator('brisk', 'free');
    # 200 tasks of 30 KB for the one who does not read: more than any socket buffer takes.
    my $sent = 0;
    for (1 .. 200) {
        my $answer = $big->add_task(taskId => fresh_id('lazy'), operatorId => 'lazy', payload => 'x' x 30_000);
        last if $answer->status != 201;
        $sent++;
    }
    ok($sent >= 100, "$sent tasks of 30 KB are for the one who does not read");
    my $id = $big->added(taskId => fresh_id('brisk'), operatorId => 'brisk');
    my $event = $from_brisk->wait_task;
    is($event && $event->json->{taskId}, $id, 'another gets his meanwhile');
    is_good($brisk->complete($id), 200, 'ordinary requests answer');
    # He reads again. What he is too far behind for ends his stream; a new one tells what is his.
    my %got;
    for (1 .. 3) {
        while (keys %got < $sent && (my $late = $from_lazy->wait_task(deadline => 5))) {
            $got{ $late->json->{taskId} } = length $late->json->{payload};
        }
        last if keys %got == $sent;
        $from_lazy = $lazy->stream;
    }
    is(scalar(grep { $_ == 30_000 } values %got), $sent, 'when he reads again, every task is there, whole');
    $big->check_ok;
    $_->exit for $lazy, $brisk;
};

}

done_testing();

__DATA__
[small]
QueueTasksKeepAlive 60s
QueueTasksReconnectGrace 20s
[big]
QueueTasksZone disconnect-big 16m
QueueTasksReconnectGrace 20s
[suspended-small]
QueueTasksKeepAlive 60s
QueueTasksReconnectGrace 20s
QueueTasksDetach off
QueueTasksZone disconnect-suspended 1m
[suspended-big]
QueueTasksDetach off
QueueTasksReconnectGrace 20s
QueueTasksZone disconnect-suspended-big 16m
