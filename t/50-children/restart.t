# A-41: httpd -k graceful and -k stop with a crowd of streams open take seconds; all that is stored outlives graceful, with work going on.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use List::Util qw(shuffle);
use lib "$FindBin::Bin/../lib";
use QueueTasks::Children;
use QueueTasks::Test;

my $operators = 120;
my $seed = $ENV{QT_SEED} // time;
note("QT_SEED=$seed");

my $server = QueueTasks::Server->start(serves => 'operator', conf => <<'CONF');
QueueTasksUser "%{req:X-User}"
QueueTasksLabels "%{req:X-Labels}"
QueueTasksZone restart 8m
QueueTasksDecisionWindow 60s
QueueTasksReconnectGrace 20s
QueueTasksKeepAlive 20s
QueueTasksRetry 50ms
CONF
my $place = place(undef, server => $server, path => '/q');
my $crowd = QueueTasks::Children->new($place, $seed);

# Those who wait: they do nothing but hold their streams. Of the first ten each has a task, half of them taken.
my @ops = map { $place->op(sprintf('op%03d', $_), labels => 'waits') } 1 .. $operators;
my @children = $server->children;
my @streams = map { $ops[$_]->stream($_ < 20 ? (child => $children[$_ % 2]) : ()) } 0 .. $#ops;
is(scalar(grep { $_->status == 200 } @streams), $operators, "$operators streams are open, in both children");
my @held = map { $place->added(taskId => "held$_", labels => ['waits'], payload => { n => $_ }) } 1 .. 10;
my %offer = map { my $task = $streams[$_]->wait_task->json; ($task->{taskId} => $task->{offer}) } 0 .. 9;
is_deeply([map { $place->task($_)->result->{operatorId} } @held], [map { $_->user } @ops[0 .. 9]], 'ten have a task on offer');
is(scalar(grep { $ops[$_]->assign($held[$_])->status == 200 } 0 .. 4), 5, 'five of them take it');
my @waiting = map { $place->added(taskId => "waiting$_", labels => ['nobody']) } 1 .. 20;
my @queue = map { $_->{operatorId} } $place->operators;
is(scalar @queue, $operators, 'all stand in the queue');

# Those who work, all the while: their streams end, too, and they come back.
$crowd->operator("worker$_", labels => 'works', reject => 0.1) for 1 .. 8;
ok($crowd->wait_until(10, sub { $crowd->all_there }), 'eight more operators work');
$crowd->add_steadily(2, labels => ['works']);
$crowd->wait_until(10, sub { $crowd->done >= 20 });

# ---- graceful ----

my %old = map { $_ => 1 } $server->children;
my $began = now();
ok($server->run_control('graceful'), 'httpd -k graceful') or diag($server->{said});
ok($crowd->wait_until(15, sub { !grep { $old{$_} } $server->children }), sprintf 'the old children are gone after %.1f s', now() - $began);
cmp_ok(now() - $began, '<', 8, 'that is seconds');
is(scalar(grep { $_->closed_within(1) && $_->ended_well } @streams), $operators, 'every stream has ended with its last chunk, so that clients come back');
ok(!(grep { $_->wire =~ m{\r\n\r\n.*HTTP/1\.1 }s } @streams), 'and nothing came behind it');
ok($crowd->wait_until(10, sub { $server->children >= 2 && $crowd->all_there }), 'those who work are back');
is($crowd->seen('cut off'), 0, 'their streams, too, ended well: ' . $crowd->seen('ended well'));

is_deeply([map { $place->state($_) } @held], [('assigned') x 5, ('offered') x 5], 'what was assigned or on offer is so still');
is(scalar(grep { $place->state($_) eq 'ready' } @waiting), 20, 'what was ready is ready');
is_deeply([sort grep { /^op/ } map { $_->{operatorId} } $place->operators], [sort @queue], 'everybody has his place while the grace runs');
my %by_user;
$by_user{ $_->user } = $_->stream for shuffle @ops;
is_deeply([grep { /^op/ } map { $_->{operatorId} } $place->operators], \@queue, 'in whatever order they come back');
my %again = map { my $task = $by_user{ $ops[$_]->user }->wait_task->json; ($task->{taskId} => $task->{offer}) } 5 .. 9;
is_deeply(\%again, { map { $_ => $offer{$_} } @held[5 .. 9] }, 'the five on offer are shown again, under the same tokens');
is(scalar(grep { $ops[$_]->assign($held[$_], offer => $offer{ $held[$_] })->status == 200 } 5 .. 9), 5, 'and are taken with them');
is(scalar(grep { $ops[$_]->complete($held[$_])->status == 200 } 0 .. 9), 10, 'all ten are completed');
my $next = $place->added(taskId => 'next', labels => ['waits']);
is($by_user{op011}->wait_task->json->{taskId}, $next, 'a new task goes to the one whose turn it is');
is_good($ops[10]->assign($next), 200, 'who takes it');

ok($crowd->finish(20), 'meanwhile ' . $crowd->acked . ' tasks were added and done') or diag(map { "\n  $_" } $crowd->fates);
is($crowd->broken, 0, 'no request lost its answer');
$crowd->{operators} = [grep { $_->leave; 0 } $crowd->operators];
is_deeply([$crowd->wrong], [], 'no answer was one that may not be');
is_deeply([$crowd->not_once], [], 'every task was assigned once, to the one who was told so');
$place->check_ok;

# ---- stop ----

is(scalar(grep { !$_->{closed} } values %by_user), $operators, "$operators streams are open again");
my @all = ($server->pid, $server->children);
$began = now();
ok($server->run_control('stop'), 'httpd -k stop') or diag($server->{said});
$server->wait_for(5, sub { !grep { kill 0, $_ } @all }) or $server->tell_stacks(@all);
ok($server->wait_for(10, sub { !grep { kill 0, $_ } @all }), sprintf 'parent and children are gone after %.1f s', now() - $began);
cmp_ok(now() - $began, '<', 6, 'that is seconds');
is(scalar(grep { $_->closed_within(1) } values %by_user), $operators, 'every stream is over');
is(scalar(grep { $_->ended_well } values %by_user), $operators, 'and has ended with its last chunk');

is_error_free($server, 'the log is clean');
diag("QT_SEED=$seed") if !Test::More->builder->is_passing;
done_testing();
