# Tasks from within httpd: the functions that another module calls, and the ways to have that module or not.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Host;
use QueueTasks::Server;
use QueueTasks::Test;

my $host = Host->start(conf => Host::place_conf('other', 'QueueTasksZone other 1m'));
my $place = place(undef, server => $host->server, path => '/q');
my $other = place(undef, server => $host->server, path => '/other');

# The host's call gives this status.
sub says
{
    my ($word, $name, $status, $why) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($status, $word, $name);
}

# An operator who waits, in a child that is none of those to be halted: [operator, his stream].
sub join_queue
{
    my ($name, @halted) = @_;
    my $op = $place->op($name);
    kill 'STOP', @halted;
    my $stream = $host->later($op, 'GET', 'wait-sse');
    my $there = $host->server->wait_for(10, sub { $host->server->child_of($stream) });
    kill 'CONT', @halted;
    $there && $stream->wait_head && $place->wait_operator($name, 'free') or die "$name does not wait";
    return [$op, $stream];
}

for my $thread (0, 1) {
    my $from = $thread ? 'from a thread of its own, outside any request' : 'from the thread of a request';
    subtest "QT-30, QT-31, QT-32, X-13: $from" => sub {
        my $anna = $place->op("anna$thread");
        my $stream = $anna->stream;
        ok($place->wait_operator("anna$thread", 'free'), 'anna waits');
        my $id = fresh_id('задача');
        says('APR_SUCCESS', 'added', $host->add({ taskId => $id, payload => { title => 'Звонок' } }, thread => $thread));
        my $event = $stream->wait_task;
        ok($event && $event->json->{taskId} eq $id, 'QT-30: it is offered to the first that fits');
        ok(!$event->json->{assigned}, 'assigned=false');
        is_deeply($event->json->{payload}, { title => 'Звонок' }, 'with its payload');
        is_good($anna->assign($id), 200, 'taken') && is_good($anna->complete($id), 200, 'done');
        $id = fresh_id();
        says('APR_SUCCESS', 'added for her', $host->add({ taskId => $id, operatorId => $anna->user }, thread => $thread));
        $event = $stream->wait_task(where => sub { $_[0]->json->{taskId} eq $id });
        ok($event && $event->json->{assigned}, 'QT-31: with operatorId it is hers: assigned=true');
        is($place->state($id), 'assigned', 'assigned');
        says('APR_SUCCESS', 'withdrawn', $host->withdraw($id, thread => $thread));
        is_deeply($stream->wait_event(type => 'closed', where => sub { $_[0]->json->{taskId} eq $id })->json,
            { taskId => $id, reason => 'withdrawn' }, 'she is told');
        is($place->operator($anna->user)->{status}, 'free', 'and is free');
        says('APR_SUCCESS', 'again', $host->withdraw($id, thread => $thread));
        $anna->exit;
    };
}

subtest 'QT-30: from any child to the operators of all' => sub {
    my @ops = map { join_queue("op$_") } 1 .. 8;
    my %child = map { $_ => 1 } map { $host->server->child_of($_->[1]) } @ops;
    # Which child accepts a connection is the kernel's choice: while the one is halted it can only be the other.
    push @ops, map { join_queue("other$_", keys %child) } 1 .. 2 if keys %child == 1;
    $child{ $host->server->child_of($_->[1]) }++ for @ops;
    is(scalar(keys %child), 2, 'operators are in both children');
    my @ids = map { fresh_id() } @ops;
    is(scalar(grep { ($host->add({ taskId => $_ }))[0] eq 'APR_SUCCESS' } @ids), scalar @ops, 'a task for each');
    my $right = grep { my $event = $ops[$_][1]->wait_task(deadline => 5); $event && $event->json->{taskId} eq $ids[$_] } 0 .. $#ops;
    is($right, scalar @ops, 'each reaches the one whose turn it is');
    $place->withdraw($_) for @ids;
    $_->[0]->exit for @ops;
};

subtest 'what the function says' => sub {
    my $id = fresh_id();
    my %why;
    says('APR_SUCCESS', 'a task', $host->add({ taskId => $id, priority => 3 }));
    says('APR_SUCCESS', 'QT-57: the same again', $host->add({ priority => 3, taskId => $id }));
    is($place->internal('GET', 'stats')->result->{tasks}{ready}, 1, 'is no second one');
    says('APR_EEXIST', 'with other content', $host->add({ taskId => $id, priority => 4 }));
    is_bad($place->add_task(taskId => $id, priority => 4), 409, 6, 'which HTTP calls 409/6');
    is_good($place->add_task(taskId => $id, priority => 3), 200, 'it is the same task for both ways');
    for (['{', 'no JSON'], ['[]', 'no object'], ['{"priority":1}', 'without an id'], ['{"taskId":""}', 'an empty id'], ['{"taskId":7}', 'a number for an id'],
        ['{"taskId":"x","ttl":-1}', 'a negative time'], ['{"taskId":"x","colour":"red"}', 'a member that is none']) {
        my ($status, $why) = $host->add($_->[0]);
        is($status, 'APR_EINVAL', $_->[1]);
        ok(length($why // ''), "$_->[1]: it says why");
    }
    is($place->state('x'), undef, 'nothing was added');
    says('APR_NOTFOUND', 'no such zone', $host->add({ taskId => fresh_id() }, zone => 'nowhere'));
    says('APR_SUCCESS', 'withdrawn', $host->withdraw($id));
    is($place->state($id), 'withdrawn', 'it is');
    says('APR_NOTFOUND', 'an unknown task', $host->withdraw('no-such-task'));
    says('APR_NOTFOUND', 'no such zone', $host->withdraw($id, zone => 'nowhere'));
    my $anna = $place->op('berta');
    says('APR_SUCCESS', 'another', $host->add({ taskId => my $done = fresh_id() }));
    is($anna->take_free->result->{taskId}, $done, 'taken') && is_good($anna->complete($done), 200, 'done');
    says('APR_NOTFOUND', 'what is done is not withdrawn', $host->withdraw($done));
    is($place->state($done), 'done', 'it stays done');
};

subtest 'zones' => sub {
    my $id = fresh_id();
    says('APR_SUCCESS', 'to a zone by its name', $host->add({ taskId => $id }, zone => 'other'));
    is($other->state($id), 'ready', 'it is there');
    is($place->state($id), undef, 'and not in the default one');
    says('APR_NOTFOUND', 'withdrawn from the wrong one: not there', $host->withdraw($id));
    says('APR_SUCCESS', 'from the right one', $host->withdraw($id, zone => 'other'));
    says('APR_SUCCESS', 'the default has a name', $host->add({ taskId => $id }, zone => 'default'));
    is($place->state($id), 'ready', 'it is there');
    $place->withdraw($id);
};

subtest 'a full zone' => sub {
    my $n = 0;
    1 while $n++ < 3000 && $other->internal('POST', 'tasks', json => [map { { payload => 'x' x 12_000 } } 1 .. 5])->status == 201;
    1 while $n++ < 3000 && $other->add_task(payload => 'x')->status == 201;
    my $id = fresh_id();
    says('APR_ENOSPC', 'APR_ENOSPC', $host->add({ taskId => $id, payload => 'x' }, zone => 'other'));
    is($other->state($id), undef, 'nothing was done');
    $other->check_ok;
};

$place->check_ok;
ok($host->server->stop, 'the server stops');
is_error_free($host->server, 'its log is clean');

# ---- having the module or not ----

sub load_line { return "LoadModule $_[0]_module " . ($_[0] eq 'queuetasks' ? QueueTasks::Server::module() : Host::module()) . "\n" }
my $location = "<Location \"/host\">\n    SetHandler qt-testhost\n</Location>\n";

subtest 'QT-32: the host may be loaded before the module' => sub {
    my $server = QueueTasks::Server->start(load => 0, children => 1,
        conf => load_line('qt_testhost') . load_line('queuetasks') . "QueueTasksUser \"%{req:X-User}\"\n" . $location . Host::place_conf('q'));
    my $early = bless { server => $server }, 'Host';
    my $here = place(undef, server => $server, path => '/q');
    says('APR_SUCCESS', 'it adds', $early->add({ taskId => 'taken-1' }));
    is($here->op('barred-anna')->stream->status, 204, 'it is asked who may wait');
    is($here->op('anna')->take_free->result->{taskId}, undef, 'and who gets what');
    is($here->state('taken-1'), 'withdrawn', 'its word counts');
    ok($server->stop, 'the server stops');
    is_error_free($server, 'its log is clean');
};

subtest 'QT-32: the host works without the module' => sub {
    my $server = QueueTasks::Server->start(load => 0, children => 1, conf => load_line('qt_testhost') . $location);
    my $alone = bless { server => $server }, 'Host';
    says('absent', 'it loads, and finds nobody to add to', $alone->add({ taskId => '1' }));
    says('absent', 'nor to withdraw from', $alone->withdraw('1'));
    ok($server->stop, 'the server stops');
    is_error_free($server, 'its log is clean');
};

done_testing();
