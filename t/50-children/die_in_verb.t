# X-1: children die inside verbs, holding the lock; the next owner undoes what was half done, and nothing acknowledged is lost or doubled.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Children;
use QueueTasks::Orders;
use QueueTasks::Test;

my ($operators, $rounds, $children) = (24, 20, 4);
my $seed = $ENV{QT_SEED} // time;
note("QT_SEED=$seed");

my $orders = QueueTasks::Orders->new;
my $server = QueueTasks::Server->start(serves => 'operator', children => $children, load => 0, conf => sub { $orders->place($_[0]) . <<'CONF' });
QueueTasksUser "%{req:X-User}"
QueueTasksZone inside 8m
QueueTasksDecisionWindow 2s
QueueTasksReconnectGrace 300ms
QueueTasksRejectCooldown 200ms
QueueTasksKeepAlive 5s
CONF
my $place = place(undef, server => $server, path => '/q');
my $crowd = QueueTasks::Children->new($place, $seed);
$crowd->operator("op$_", ignore => 0.02, reject => 0.1, vanish => 0.05) for 1 .. $operators;
ok($crowd->wait_until(10, sub { $crowd->all_there }), "$operators operators have their streams");
$crowd->add_steadily(3);
ok($crowd->wait_until(10, sub { $crowd->done >= 20 }), 'they work');
my $before = $place->internal('GET', 'stats')->result->{totals}{rollbacks};

# How many of these children are no more.
sub gone
{
    my %is = map { $_ => 1 } $server->children;
    return scalar grep { !$is{$_} } @_;
}

my ($died, $respawned, $checked, $back) = (0, 0, 0, 0);
for my $round (1 .. $rounds) {
    # Two a round: those that httpd replaces at once; the second may die while it gives up the streams of the first.
    my @were = $server->children;
    $orders->give(2, 200 + int rand 2000);
    $died += 2 if $crowd->wait_until(15, sub { $orders->left == 0 });
    $checked++ if $crowd->check;
    $respawned++ if $crowd->wait_until(10, sub { gone(@were) >= 2 && $server->children >= $children });
    $back++ if $crowd->wait_until(10, sub { $crowd->all_there });
    last if $back + $checked < 2 * $round;
}
is($died, 2 * $rounds, "$died children died inside verbs");
is($respawned, $rounds, 'each time others took their places');
is($checked, $rounds, 'and every invariant held');
is($back, $rounds, 'and all operators came back');
ok($crowd->finish(20), 'all ' . $crowd->acked . ' tasks are done') or diag(map { "\n  $_" } $crowd->fates);
my $undone = $place->internal('GET', 'stats')->result->{totals}{rollbacks} - $before;
cmp_ok($undone, '>=', $rounds, "half-done verbs were undone: $undone");
cmp_ok($crowd->broken, '>', 0, 'requests lost their answer: ' . $crowd->broken);
$crowd->reckon;
is_error_free($server, 'nothing else stands in the log', qr/AH10159|AH00484/);
diag("QT_SEED=$seed") if !Test::More->builder->is_passing;
done_testing();
