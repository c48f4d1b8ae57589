# X-1: children die inside the verbs of messages, holding the lock: what was acknowledged is heard and read, and every invariant holds.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Orders;
use QueueTasks::Test;

my ($rounds, $children) = (12, 4);
my $seed = $ENV{QT_SEED} // time;
note("QT_SEED=$seed");
srand $seed;

my $orders = QueueTasks::Orders->new;
my $server = QueueTasks::Server->start(serves => 'subscribe', children => $children, load => 0, conf => sub { $orders->place($_[0]) . <<'CONF' });
QueueTasksUser "%{req:X-User}"
QueueTasksZone talk 16m
QueueTasksReconnectGrace 300ms
QueueTasksKeepAlive 1s
QueueTasksRetry 50ms
QueueTasksMaxStreamsPerUser 0
QueueTasksTopics **
QueueTasksTopic ** retain=20000 age=10min delivery=all
QueueTasksTopic merged/** retain=20000 age=10min delivery=all coalesce=100ms merge=count
<If "%{QUERY_STRING} =~ /detach=0/">
    QueueTasksDetach off
</If>
CONF
my $place = place(undef, server => $server, path => '/q');

# ---- requests: made again until they are answered, and then as they should be ----

my ($unanswered, @wrong) = (0);
sub insist
{
    my ($do, $status) = @_;
    for (1 .. 100) {
        my $answer = eval { $do->() };
        if ($answer && $answer->status) {
            push @wrong, $answer->status . ' ' . $answer->body if $answer->status != $status;
            return $answer;
        }
        $unanswered++;
        select undef, undef, undef, 0.05;
    }
    die 'no answer after many tries';
}

# ---- streams: come back with what they had last ----

my @listeners = map { { user => "u$_->[0]", what => $_->[1], stream => undef, last => undef, got => {} } } (
    [1, 'events?topic=t'], [2, 'events?topic=t&detach=0'], [3, 'events?topic=t&topic=merged/t'], [4, 'notifications'], [5, 'notifications?detach=0'],
);
my ($back, @strange) = (0);

sub hear
{
    my ($one) = @_;
    if (!$one->{stream} || $one->{stream}{closed}) {
        $back++ if $one->{stream};
        $one->{stream} = eval { $place->op($one->{user})->listen($one->{what}, last => $one->{last}, deadline => 2) } or return 0;
        return 0 if $one->{stream}->status != 200;
    }
    $one->{stream}->seen;
    for my $event (splice @{ $one->{stream}{events} }) {
        push @strange, "$one->{user}: " . $event->raw if $event->type =~ /^(?:gap|busy)$/;
        next if $event->type ne 'message';
        $one->{last} = $event->id if length $event->id;
        if ($event->data =~ /^\d+$/) {
            push @{ $one->{counts} }, $event->data;
            next;
        }
        $one->{got}{ $event->data }++;
    }
    return 1;
}

# ---- work ----

my ($n, $merged, $merged_tries, @published, %notified, @pushed, %read) = (0, 0, 0);
sub work
{
    my $text = 'm' . ++$n;
    my $user = 'u' . (4 + $n % 2);
    insist(sub { $place->publish('t', $text, messageId => $text) }, 200);
    push @published, $text;
    insist(sub { $merged_tries++; $place->publish('merged/t', '1') }, 200);
    $merged++;
    insist(sub { $place->notify($user, $text) }, 200);
    push @{ $notified{$user} }, $text;
    insist(sub { $place->push_to('q', [$text, "$text again"]) }, 201);
    push @pushed, $text, "$text again";
    poll() if $n % 3 == 0;
    hear($_) for @listeners;
}

# What a poll gave and did not arrive is given again.
sub poll
{
    my $answer = insist(sub { $place->op('reader')->poll('q') }, 200);
    $read{$_}++ for $answer->body =~ /^data: (.*)$/mg;
}

sub gone
{
    my %is = map { $_ => 1 } $server->children;
    return scalar grep { !$is{$_} } @_;
}

hear($_) for @listeners;
my ($died, $respawned, $checked) = (0, 0, 0);
for my $round (1 .. $rounds) {
    my @were = $server->children;
    $orders->give(2, 100 + int rand 1500);
    my $until = now() + 20;
    work() while $orders->left && now() < $until;
    $died += 2 - $orders->left;
    $respawned++ if $server->wait_for(10, sub { gone(@were) >= 2 && $server->children >= $children });
    $checked++ if insist(sub { $place->internal('GET', 'stats?check') }, 200)->json->{success};
    last if $checked + $respawned < 2 * $round;
}
is($died, 2 * $rounds, "$died children died inside verbs");
is($respawned, $rounds, 'each time others took their places');
is($checked, $rounds, 'and every invariant held');

# ---- the reckoning ----

sub missing { my ($got, $wanted) = @_; return grep { !$got->{$_} } @$wanted }

sub wanted { my ($one) = @_; return $one->{what} =~ /^notif/ ? $notified{ $one->{user} } : \@published }

$server->wait_for(20, sub { hear($_) for @listeners; return !grep { missing($_->{got}, wanted($_)) } @listeners });
is_deeply([missing($_->{got}, wanted($_))], [], "$_->{user} has all of " . @{ wanted($_) } . " ($_->{what})") for @listeners;
$server->wait_for(20, sub { poll(); return !missing(\%read, \@pushed) });
is_deeply([missing(\%read, \@pushed)], [], 'all of ' . @pushed . ' messages of the queue were read');
my $counted = sub { my $sum = 0; $sum += $_ for @{ $listeners[2]{counts} || [] }; return $sum };
$server->wait_for(20, sub { hear($listeners[2]); return $counted->() >= $merged });
ok($counted->() >= $merged && $counted->() <= $merged_tries, "what was merged is all there: $merged published, " . $counted->() . " counted, $merged_tries tried");
my @twice = map { my $one = $_; grep { $one->{got}{$_} > 1 } keys %{ $one->{got} } } grep { $_->{what} =~ /^events/ } @listeners;
is_deeply(\@twice, [], 'what topics had did not come twice');
is_deeply(\@strange, [], 'no gap was told');
is_deeply(\@wrong, [], 'and no request was answered wrongly');
cmp_ok($place->internal('GET', 'stats')->result->{totals}{rollbacks}, '>=', $rounds, 'half-done verbs were undone');
cmp_ok($back, '>', 0, "streams came back: $back; requests were made again: $unanswered");
$place->check_ok;
ok($server->stop(20), 'the server stops');
is_error_free($server, 'nothing else stands in the log', qr/AH10159|AH00484/);
diag("QT_SEED=$seed") if !Test::More->builder->is_passing;
done_testing();
