# SP-8, SP-9, SP-40, NT-70, A-33: replay, then live, without hole or repeat, while four publishers write as fast as they can, fifty subscribers
# break off and come back over both children, and the server restarts gracefully in the middle.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use IO::Socket::INET;
use POSIX ();
use lib "$FindBin::Bin/../lib";
use QueueTasks::Client qw(now);
use QueueTasks::Test;

my ($publishers, $each, $subscribers, $keys) = (4, 1000, 50, 3);
my $seed = $ENV{QT_SEED} // time;
srand $seed;
note("QT_SEED=$seed");

my $server = QueueTasks::Server->start(threads => 8, conf => <<'CONF');
QueueTasksUser "%{req:X-User}"
QueueTasksZone storm 16m
QueueTasksTopics storm/*
QueueTasksTopic storm/* delivery=all retain=100000
QueueTasksRetry 50ms
QueueTasksDrain 500ms
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe subscribe
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF
my $place = place(undef, server => $server, path => '/q');

# ---- publishers: a process each. A message whose answer did not come is sent again under its messageId. ----

sub connect_now
{
    my $until = now() + 20;
    while (now() < $until) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->port, Proto => 'tcp');
        return $socket if $socket;
        select undef, undef, undef, 0.02;
    }
    POSIX::_exit(3);
}

# The id that one message was given.
sub publish_one
{
    my ($socket, $name, $topic, $key) = @_;
    my $query = "messageId=$name" . ($key ? "&key=k$key" : '');
    for (1 .. 50) {
        $$socket ||= connect_now();
        local $SIG{PIPE} = 'IGNORE';
        syswrite $$socket, "POST /q/internal/topics/storm/$topic?$query HTTP/1.1\r\nHost: x\r\nContent-Length: @{[length $name]}\r\n\r\n$name";
        my $answer = '';
        while ($answer !~ /\}\}\z/ && sysread $$socket, my $some, 4096) { $answer .= $some }
        return $1 if $answer =~ /"id":"([0-9a-f]+-\d+)"/;
        $$socket = undef;
        select undef, undef, undef, 0.02;
    }
    POSIX::_exit(4);
}

sub publisher
{
    my ($n, $out) = @_;
    my ($socket, @lines);
    for my $i (1 .. $each) {
        my ($topic, $key) = (1 + int rand 2, int rand $keys);
        push @lines, publish_one(\$socket, "$n-$i", $topic, $key) . " $n-$i $key\n";
    }
    print {$out} @lines;
    close $out;
    POSIX::_exit(0);
}

my @pids;
sub start_publishers
{
    for my $n (1 .. $publishers) {
        pipe my $in, my $out or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            srand $seed + $n;
            publisher($n, $out);
        }
        close $out;
        push @pids, { pid => $pid, in => $in };
    }
}

# id => [name, key] of all that was published.
sub published
{
    my %all;
    for my $p (@pids) {
        my @lines = readline $p->{in};
        waitpid $p->{pid}, 0;
        is($?, 0, 'a publisher has got an id for each of its messages');
        $all{ (split ' ', $_)[0] } = [(split ' ', $_)[1, 2]] for @lines;
    }
    return %all;
}

# ---- subscribers, all in this process ----

my @subs = map { { n => $_, key => $_ % 5 == 0 ? 1 + int rand($keys - 1) : 0, got => {}, order => [], odd => [], breaks => 0 } } 1 .. $subscribers;

sub join_in
{
    my ($sub) = @_;
    my $key = $sub->{key} ? "&key=k$sub->{key}" : '';
    my $last = $sub->{last} ? "Last-Event-ID: $sub->{last}\r\n" : '';
    $sub->{socket} = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->port, Proto => 'tcp') or return;
    syswrite $sub->{socket}, "GET /q/api/events?topic=storm/1&topic=storm/2$key HTTP/1.0\r\nX-User: u$sub->{n}\r\n${last}\r\n";
    @$sub{qw(raw headed moves)} = ('', 0, now() + 0.1 + rand 1.5);
}

sub break_off
{
    my ($sub) = @_;
    close $sub->{socket} if $sub->{socket};
    $sub->{socket} = undef;
    $sub->{breaks}++;
    $sub->{back} = now() + rand 0.3;
}

# One block of the stream.
sub hear
{
    my ($sub, $block) = @_;
    my ($id) = $block =~ /^id: (\S+)$/m;
    my ($type) = $block =~ /^event: (\S+)$/m;
    my ($data) = $block =~ /^data: (.*)$/m;
    $sub->{last} = $id if defined $id;
    $sub->{synchronized} = 1 if ($type // '') eq 'synchronizing';
    push @{ $sub->{odd} }, $block if $type && $type ne 'synchronizing';
    return if !defined $data || $type;
    $sub->{again}++ if $sub->{got}{$id};
    push @{ $sub->{order} }, $id =~ /-(\d+)/ if !$sub->{got}{$id};
    $sub->{got}{$id} = $data;
}

sub hear_more
{
    my ($sub) = @_;
    if (!sysread $sub->{socket}, $sub->{raw}, 262144, length $sub->{raw}) {
        break_off($sub);
        return;
    }
    $sub->{headed} ||= $sub->{raw} =~ s/\A.*?\r\n\r\n//s or return;
    hear($sub, $1) while $sub->{raw} =~ s/\A(.*?)\n\n//s;
}

sub turn
{
    my ($moody) = @_;
    my $bits = '';
    for my $sub (@subs) {
        join_in($sub) if !$sub->{socket} && now() >= ($sub->{back} // 0);
        break_off($sub) if $moody && $sub->{socket} && now() >= $sub->{moves};
        vec($bits, fileno $sub->{socket}, 1) = 1 if $sub->{socket};
    }
    select $bits, undef, undef, 0.02;
    for my $sub (@subs) {
        hear_more($sub) if $sub->{socket} && vec $bits, fileno $sub->{socket}, 1;
    }
}

# Until the test holds, or the time is up: its last truth.
sub turn_until
{
    my ($seconds, $moody, $test) = @_;
    my $until = now() + $seconds;
    while (!$test->()) {
        return 0 if now() > $until;
        turn($moody);
    }
    return 1;
}

ok(turn_until(20, 0, sub { !grep { !$_->{synchronized} } @subs }), "SP-7: $subscribers subscribers are told where they are");
my $began = now();
start_publishers();
my $half = $publishers * $each / 2;
ok(turn_until(60, 1, sub { keys %{ $subs[0]{got} } >= $half || keys %{ $subs[1]{got} } >= $half }), 'half of it has come');
my %old = map { $_ => 1 } $server->children;
ok($server->run_control('graceful'), 'A-41: the server restarts gracefully in the middle');
ok(turn_until(60, 1, sub { !grep { $old{$_} } $server->children }), 'and the old children go');
ok(turn_until(90, 1, sub { my $most = 0; keys %{ $_->{got} } > $most and $most = keys %{ $_->{got} } for @subs; $most >= $publishers * $each }),
    'all of it has come to one of them');
my %all = published();
my $took = now() - $began;
is(scalar keys %all, $publishers * $each, 'each message has an id of its own');
my $wanted = sub { my ($sub) = @_; return grep { !$sub->{key} || !$all{$_}[1] || $all{$_}[1] == $sub->{key} } keys %all };
ok(turn_until(30, 0, sub { !grep { keys %{ $_->{got} } < $wanted->($_) } @subs }), 'everybody has heard as much as he should');

my (@holes, @foreign, @unordered, @odd, $again, $breaks);
for my $sub (@subs) {
    my %want = map { $_ => $all{$_}[0] } $wanted->($sub);
    push @holes, map { "u$sub->{n}: $_" } grep { ($sub->{got}{$_} // '') ne $want{$_} } keys %want;
    push @foreign, map { "u$sub->{n}: $_" } grep { !exists $want{$_} } keys %{ $sub->{got} };
    push @unordered, "u$sub->{n}" if join(' ', @{ $sub->{order} }) ne join(' ', sort { $a <=> $b } @{ $sub->{order} });
    push @odd, @{ $sub->{odd} };
    $again += $sub->{again} // 0;
    $breaks += $sub->{breaks};
}
is_deeply(\@holes, [], 'SP-9, NT-70: every subscriber has every message of his');
is_deeply(\@foreign, [], 'SP-4, SP-40: and none that is not');
is_deeply(\@unordered, [], 'SP-8: in the order of their ids, over both topics');
is_deeply(\@odd, [], 'and was told of no gap');
cmp_ok($breaks, '>', $subscribers, "they broke off $breaks times");
note(sprintf '%d messages in %.1f s; %d came twice', $publishers * $each, $took, $again);
$place->check_ok;
$server->stop;

done_testing();
