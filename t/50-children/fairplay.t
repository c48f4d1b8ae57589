# X-1, QT-52, QT-54, QT-58, QT-59: operators spread over two children do as they please; each task is assigned once, none twice, none lost.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Children;
use QueueTasks::Client qw(now connect_to send_all);
use QueueTasks::Test;

my ($operators, $tasks) = (40, 400);
my $seed = $ENV{QT_SEED} // time;
note("QT_SEED=$seed");

my $server = QueueTasks::Server->start(serves => 'operator', conf => <<'CONF');
KeepAliveTimeout 60
MaxKeepAliveRequests 0
QueueTasksUser "%{req:X-User}"
QueueTasksLabels "%{req:X-Labels}"
QueueTasksZone fairplay 4m
QueueTasksDecisionWindow 300ms
QueueTasksReconnectGrace 200ms
QueueTasksRejectCooldown 200ms
QueueTasksKeepAlive 5s
CONF
my $place = place(undef, server => $server, path => '/q');
my $crowd = QueueTasks::Children->new($place, $seed);

# ---- operators in both children ----

my @children = $server->children;
is(scalar @children, 2, 'there are two children');
my @all = map { $crowd->operator("op$_", child => $children[$_ % 2], ignore => 0.12, reject => 0.15, vanish => 0.12) } 1 .. $operators;
ok($crowd->wait_until(10, sub { !grep { !$_->there } @all }), "X-1: $operators operators have their streams, half of them in each");

# ---- a back end at each child: connections that stay open stay in their child ----

# A connection that this child has accepted and answered once.
sub line_to
{
    my ($child) = @_;
    my $line = $server->in_child($child, sub {
        my $socket = connect_to($server->port);
        send_all($socket, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", now() + 5); # nothing is accepted before it has something to say
        return bless { socket => $socket }, 'QueueTasks::Stream';
    });
    QueueTasks::Children::read_whole($line->socket, 5);
    return $line->socket;
}

sub add_bytes
{
    my ($body) = @_;
    return "POST /q/internal/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
}

# While all is quiet: with traffic every child looks at its streams all the time, and a bell that is not rung is missed by nobody.
for my $from (@children) {
    my ($to) = grep { $_ != $from } @children;
    my $op = $place->op("across-$to", labels => "across-$to");
    my $stream = $op->stream(child => $to);
    my $line = line_to($from);
    ok($place->wait_operator($op->user, 'free'), 'one waits in this child');
    # Nothing of this is under way any more when its child answers others.
    $crowd->check for 1 .. 4;
    send_all($line, add_bytes(qq({"taskId":"across-$to","labels":["across-$to"],"window":30})), now() + 5);
    ok($stream->wait_task(deadline => 3), 'X-1: a task that the other child was given is told, though nothing else wakes this one');
    is(QueueTasks::Children::read_whole($line, 5)->status, 201, 'and the other child has said so');
    is_good($op->assign("across-$to"), 200, 'it is taken') && is_good($op->complete("across-$to"), 200, 'and done');
    is_good($op->exit, 200, 'and the one who did it leaves');
}
my ($before) = map { $_->{totals} } $place->internal('GET', 'stats')->result;

my @ids = map { fresh_id('fair') } 1 .. $tasks;
my @left = @ids;

# Each back end adds its next task when the last one was answered. httpd closes an idle connection when all workers of its child are
# busy; what came after that it never saw, so it is sent again on another, and is new.
sub add_next
{
    my ($child, $line) = @_;
    my $id = shift @left or return;
    send_task($child, $line, $id);
}

sub send_task
{
    my ($child, $line, $id) = @_;
    $line //= line_to($child);
    my $raw = '';
    $crowd->watch($line, sub {
        my $n = sysread $line, my $bytes, 65536;
        return if !$n && $!{EAGAIN};
        $raw .= $bytes if $n;
        my $answer = QueueTasks::Children::whole($raw);
        return if $n && !$answer;
        $crowd->forget($line);
        return send_task($child, undef, $id) if !$answer;
        $crowd->added($id, $answer);
        push @{ $crowd->{wrong} }, "$id was there before it was acknowledged" if $answer->status != 201;
        add_next($child, $line);
    });
    send_all($line, add_bytes(qq({"taskId":"$id","payload":{"n":1}})), now() + 5);
}

my $began = now();
add_next($_) for @children;
ok($crowd->wait_until(40, sub { $crowd->done == $tasks }), sprintf "all $tasks tasks are done, in %.1f s", now() - $began)
    or diag("QT_SEED=$seed", map { "\n  $_" } $crowd->fates);

# ---- the reckoning ----

is(scalar $crowd->acked, $tasks, 'each was acknowledged when it was added');
is_deeply([$crowd->wrong], [], 'no answer was one that may not be') or diag("QT_SEED=$seed");
is($crowd->broken, 0, 'no connection broke before its answer');
cmp_ok($crowd->slowest, '<', 5, sprintf 'the slowest answer took %.2f s', $crowd->slowest);
ok($crowd->seen($_) >= 5, "'$_' happened: " . $crowd->seen($_)) for 'assign', 'reject', 'ignore', 'vanish', 'vanish with a task', 'late click';
is_deeply([$crowd->not_once], [], 'QT-52, QT-54: every task was assigned once, and its history agrees') or diag("QT_SEED=$seed");

my $stats = $place->internal('GET', 'stats')->result;
my $totals = { map { $_ => $stats->{totals}{$_} - $before->{$_} } keys %$before };
is($totals->{added}, $tasks, 'figures: added');
is($totals->{assigned}, $tasks, 'figures: assigned');
is($totals->{completed}, $tasks, 'figures: completed');
is($totals->{offered}, $totals->{assigned} + $totals->{rejected} + $totals->{timedOut} + $totals->{lost}, 'figures: every offer ended in one way');
is($stats->{tasks}{done}, $tasks + 2, 'figures: done');

# ---- nobody is a ghost ----

ok($crowd->wait_until(5, sub { !grep { !$_->there } @all }), 'all operators are back');
my @queue = map { $_->{operatorId} } $place->operators;
is_deeply([sort @queue], [sort map { $_->user } @all], 'QT-58, QT-59: each has one place in the queue');
ok($server->wait_for(5, sub { $place->internal('GET', 'stats')->result->{streams} == $operators }), 'and one stream');
$place->check_ok;

my @last = map { fresh_id('last') } 1 .. $operators;
$_->{habits} = {} for @all;
$crowd->add($_) for @last;
ok($crowd->wait_until(10, sub { $crowd->done == $tasks + $operators }), 'and each still gets tasks')
    or diag("QT_SEED=$seed", map { "\n  $_" } $crowd->fates);
$place->check_ok;

is_error_free($server, 'the log is clean');
done_testing();
