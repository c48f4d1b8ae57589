# QT-70: the log is short and true: no line holds the queue, none says that a refused task was assigned, also at the most talkative level.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $server = QueueTasks::Server->start(serves => 'operator', conf => <<'CONF');
LogLevel info queuetasks:trace8
QueueTasksUser "%{req:X-User}"
QueueTasksZone talk 1m
CONF
my $place = place(undef, server => $server, path => '/q');

my @ops = map { my $op = $place->op("operator-$_"); my $stream = $op->stream; $place->wait_operator($op->user, 'free'); [$op, $stream] } 1 .. 20;
my $secret = 'a-customer-s-name';
for my $n (0 .. 19) {
    my ($op, $stream) = @{ $ops[$n] };
    my $id = $place->added(taskId => "refused-$n", payload => { title => $secret }, prefer => $op->user, preferFor => 600);
    $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $id }) or die "$id was not offered";
    is_good($op->reject($id, json => { reason => "$secret-again" }), 200, 'refused') if $n == 0;
    $op->reject($id) if $n;
    $place->withdraw($id);
}
is($place->state('refused-19'), 'withdrawn', 'twenty operators refused');
$_->[0]->exit for @ops;
ok($server->stop, 'the server stops');

my @lines = split /\n/, $server->log_text;
ok(scalar @lines, 'there is a log');
is_deeply([grep { (() = /operator-\d+/g) > 1 } @lines], [], 'QT-70: no line names more than one operator');
is_deeply([grep { /refused-\d+/ && /assign/i } @lines], [], 'QT-70: no line calls a refused task assigned');
is_deeply([grep { /\Q$secret\E/ } @lines], [], 'no payload and no reason stands in the log');
is_deeply([grep { length > 1000 } @lines], [], 'no line is long');
is_error_free($server, 'none is an error');
done_testing();
