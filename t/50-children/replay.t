# SP-8, SP-9, NT-70: replay, then live: four publishers, fifty subscribers that break off and come back, two children, restarts.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use QueueTasks::Client qw(now connect_to send_all read_some);
use QueueTasks::Test;

my ($publishers, $subscribers, $topics, $rate, $seconds) = (4, 50, 10, 1000, 12);
my $seed = $ENV{QT_SEED} // time;
note("QT_SEED=$seed");
srand $seed;

my $server = QueueTasks::Server->start(serves => 'subscribe', threads => 16, conf => <<'CONF');
KeepAliveTimeout 60
MaxKeepAliveRequests 0
QueueTasksUser "%{req:X-User}"
QueueTasksZone replay 64m
QueueTasksKeepAlive 1s
QueueTasksRetry 50ms
QueueTasksMaxStreamsPerUser 0
QueueTasksTopics **
QueueTasksTopic ** retain=20000 age=10min delivery=all
<If "%{QUERY_STRING} =~ /detach=0/">
    QueueTasksDetach off
</If>
CONF
my $place = place(undef, server => $server, path => '/q');

# ---- publishers: processes, each with a connection that stays open; they write down what they were told ----

# One answer on a connection that is kept; undef: it broke.
sub answer
{
    my ($socket) = @_;
    my ($raw, $until) = ('', now() + 5);
    while ($raw !~ /\r\n\r\n/ || length(($raw =~ /\r\n\r\n(.*)/s)[0]) < ($raw =~ /^Content-Length: (\d+)/mi)[0]) {
        my $bytes = read_some($socket, $until);
        return undef if !defined $bytes || $bytes eq '';
        $raw .= $bytes;
    }
    return $raw;
}

# A message is sent again, by the same name, until it is answered: it is published once all the same.
sub publish_one
{
    my ($socket, $topic, $text) = @_;
    for (1 .. 50) {
        $$socket ||= eval { connect_to($server->port) };
        my $request = "POST /q/internal/topics/$topic?messageId=$text HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
        my $raw = $$socket && send_all($$socket, $request, now() + 5) ? answer($$socket) : undef;
        return $1 if $raw && $raw =~ /^HTTP\/1.1 200 .*"id":"([^"]+)"/s;
        $$socket = undef;
        select undef, undef, undef, 0.05;
    }
    die "can't publish";
}

sub publisher
{
    my ($n, $file) = @_;
    my $pid = fork // die $!;
    return $pid if $pid;
    srand $seed + $n;
    open my $out, '>', $file or die $!;
    my ($socket, $began, $sent) = (undef, now(), 0);
    while (now() < $began + $seconds) {
        my $topic = 't' . int rand $topics;
        my $text = "$n-$sent";
        print $out "$topic $text ", publish_one(\$socket, $topic, $text), "\n";
        $sent++;
        my $ahead = $began + $sent * $publishers / $rate - now();
        select undef, undef, undef, $ahead if $ahead > 0;
    }
    close $out;
    require POSIX;
    POSIX::_exit(0);
}

# ---- subscribers: streams read without any ceremony ----

my (%got, %out_of_order, %breaks, $repeats);
sub come
{
    my ($s) = @_;
    my $socket = eval { connect_to($server->port) } or return 0;
    my $last = defined $s->{last} ? "Last-Event-ID: $s->{last}\r\n" : '';
    send_all($socket, "GET /q/api/events?" . join('&', map { "topic=$_" } @{ $s->{topics} }) . ($s->{n} % 3 ? '' : '&detach=0')
        . " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User: u$s->{n}\r\nAccept: text/event-stream\r\n$last\r\n", now() + 5) or return 0;
    @$s{qw(socket in text headed)} = ($socket, '', '', 0);
    return 1;
}

sub away
{
    my ($s, $why) = @_;
    close $s->{socket};
    $s->{socket} = undef;
    $s->{back} = now() + ($why eq 'left' ? rand 0.5 : 0.05);
    $breaks{$why}++;
}

sub event
{
    my ($s, $text) = @_;
    my ($id) = $text =~ /^id: (.*)$/m;
    my ($type) = $text =~ /^event: (.*)$/m;
    my ($data) = $text =~ /^data: (.*)$/m;
    my ($before) = ($s->{last} // '0-0') =~ /-(\d+)$/;
    $out_of_order{ $s->{n} }++ if defined $id && ($id =~ /-(\d+)$/)[0] < $before;
    $s->{last} = $id if defined $id;
    if (defined $type) {
        $s->{first} //= $id if $type eq 'synchronizing';
        $s->{strange}{$type}++ if $type ne 'synchronizing' && $type ne 'busy';
        return;
    }
    return if !defined $data;
    $repeats++ if $got{ $s->{n} }{$data}++;
}

# What has come on a stream; what an event lacks of its end is thrown away with the connection.
sub hear
{
    my ($s) = @_;
    my $bytes = read_some($s->{socket}, now());
    return if !defined $bytes;
    return away($s, 'ended') if $bytes eq '';
    $s->{in} .= $bytes;
    $s->{headed} ||= $s->{in} =~ s/^.*?\r\n\r\n//s or return;
    while ($s->{in} =~ /^([0-9a-f]+)\r\n/i && length($s->{in}) >= length($&) + hex($1) + 2) {
        my ($line, $n) = (length $&, hex $1);
        $s->{text} .= substr $s->{in}, $line, $n;
        substr $s->{in}, 0, $line + $n + 2, '';
        return away($s, 'ended') if !$n;
    }
    while ($s->{text} =~ s/^(.*?\n)\n//s) {
        event($s, $1);
    }
}

my @subscribers = map {
    my %topics = map { 't' . int(rand $topics) => 1 } 1 .. 1 + rand 3;
    { n => $_, topics => [sort keys %topics], back => 0 };
} 1 .. $subscribers;

# Reads for a while; streams that are away come back when it is time, and some leave.
sub run
{
    my ($until, $test, $leave) = @_;
    while (now() < $until && !$test->()) {
        for my $s (@subscribers) {
            come($s) or $s->{back} = now() + 0.1 if !$s->{socket} && $s->{back} <= now();
            away($s, 'left') if $leave && $s->{socket} && defined $s->{first} && rand() < $leave;
        }
        my %by = map { ($_->{socket} ? (fileno $_->{socket} => $_) : ()) } @subscribers;
        my $select = IO::Select->new(map { $_->{socket} } values %by);
        hear($by{ fileno $_ }) for $select->can_read(0.02);
    }
    return $test->();
}

ok(run(now() + 15, sub { !grep { !defined $_->{first} } @subscribers }, 0), "$subscribers subscribers have begun");
my @files = map { $server->root . "/published-$_" } 1 .. $publishers;
my @pids = map { publisher($_, $files[$_ - 1]) } 1 .. $publishers;
my %alive = map { $_ => 1 } @pids;
my $over = sub {
    for (keys %alive) {
        delete $alive{$_} if waitpid($_, 1) == $_;
    }
    return !keys %alive;
};
run(now() + $seconds / 3, $over, 0.01);
kill 'USR1', $server->pid;
run(now() + $seconds / 3, $over, 0.01);
ok($server->answers, 'a graceful restart in the middle');
ok(run(now() + 30, $over, 0.01), 'the publishers are through');

# ---- the reckoning ----

my (%published, $all);
for my $file (@files) {
    open my $in, '<', $file or die "$file: $!";
    while (<$in>) {
        my ($topic, $text, $id) = split;
        $published{$topic}{$text} = $id;
        $all++;
    }
}
cmp_ok($all, '>=', $rate * $seconds / 4, sprintf '%d messages were published, %d a second', $all, $all / $seconds);
sub missing
{
    my ($s) = @_;
    return map { my $topic = $_; grep { !$got{ $s->{n} }{$_} } keys %{ $published{$topic} || {} } } @{ $s->{topics} };
}
run(now() + 20, sub { !grep { missing($_) } @subscribers }, 0);
my @missing = map { my $s = $_; map { "$s->{n} $_" } missing($s) } @subscribers;
is(scalar(@missing), 0, 'every subscriber has every message of its topics') or diag(join "\n", @missing[0 .. ($#missing < 10 ? $#missing : 10)]);
my $foreign = 0;
for my $s (@subscribers) {
    my %his = map { %{ $published{$_} || {} } } @{ $s->{topics} };
    $foreign += grep { !exists $his{$_} } keys %{ $got{ $s->{n} } };
}
is($foreign, 0, 'and none of other topics');
is($repeats // 0, 0, 'none came twice');
is_deeply(\%out_of_order, {}, 'ids never went back');
is_deeply([map { keys %{ $_->{strange} || {} } } @subscribers], [], 'no gap was told');
cmp_ok($breaks{left} // 0, '>', 100, "streams broke off: @{[%breaks]}");
cmp_ok($breaks{ended} // 0, '>', 0, 'and were ended');
$place->check_ok;
ok($server->stop(20), 'the server stops');
is_error_free($server, 'its log is clean');
diag("QT_SEED=$seed") if !Test::More->builder->is_passing;
done_testing();
