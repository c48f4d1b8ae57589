# QueueTasksDetach: a plain stream is a bare socket. Its bytes on the wire, what stands before and behind it on the connection, its logs.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(connect_to send_all read_some);

my $server = QueueTasks::Server->start(more => ['logio'], conf => <<'CONF');
QueueTasksUser "%{req:X-User}"
QueueTasksZone detached 1m
QueueTasksReconnectGrace 1s
QueueTasksKeepAlive 30s
QueueTasksRetry 100ms
LogIOTrackTTFB on
CustomLog logs/notes "%{queuetasks-transport}n %{queuetasks-user}n %>s %B %O"
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/off/api">
    SetHandler queuetasks
    QueueTasksServe operator
    QueueTasksDetach off
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF
my $place = place(undef, server => $server, path => '/q');

sub notes
{
    open my $in, '<', $server->root . '/logs/notes' or return '';
    local $/;
    return scalar(<$in>) // '';
}

sub noted
{
    my ($pattern, $name) = @_;
    return ok($server->wait_for(5, sub { notes() =~ $pattern }), $name) || diag notes();
}

# What comes over a socket until it fits.
sub read_until
{
    my ($socket, $pattern) = @_;
    my ($all, $until) = ('', now() + 5);
    while ($all !~ $pattern) {
        my $bytes = read_some($socket, $until) // last;
        last if $bytes eq '';
        $all .= $bytes;
    }
    return $all;
}

sub ask
{
    my ($user, $more) = @_;
    return "GET /q/api/wait-sse HTTP/1.1\r\nHost: x\r\nX-User: $user\r\nAccept: text/event-stream\r\n" . ($more // '') . "\r\n";
}

subtest 'on the wire: an event is a chunk, the end is the last chunk' => sub {
    my $anna = $place->op('anna');
    my $stream = $anna->stream;
    noted(qr/^detached anna 200 \d+ \d+$/m, 'its line in the access log is written when it starts');
    ok($stream->wait_raw(qr/^:.*\n\n/m, 5), 'the first bytes are there');
    my $before = length $stream->wire;
    my $id = $place->added(taskId => fresh_id());
    ok($stream->wait_task, 'a task comes');
    my ($size, $chunk) = substr($stream->wire, $before) =~ /\A([0-9a-f]+)\r\n(event: task\ndata: [^\n]*\n\n)\r\n\z/;
    ok($chunk && hex $size == length $chunk, 'as one chunk of its own') or diag substr $stream->wire, $before;
    $place->withdraw($id);
    $anna->exit;
    ok($stream->closed_within(5) && $stream->ended_well, 'the end is clean');
    like($stream->wire, qr/\n\r\n0\r\n\r\n\z/, 'one last chunk and nothing after it');
    my $body = length($stream->wire) - $before;
    ok($server->wait_log(qr/QT00207: stream: user anna, $body bytes in \d+\.\d{3} s, ended/), 'the log tells user, bytes and duration');
};

subtest 'on a connection that was used before, with bytes before, in and behind the request' => sub {
    my $socket = connect_to($server->port);
    send_all($socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", now() + 5);
    like(read_until($socket, qr/ordinary page/), qr{^HTTP/1.1 200}, 'an ordinary request on it');
    # Pipelined: an ordinary request, ours with a body that nobody reads, and another one behind it.
    send_all($socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n" . ask('boris', "Content-Length: 5\r\n") . "12345GET / HTTP/1.1\r\nHost: x\r\n\r\n", now() + 5);
    my $all = read_until($socket, qr/^:/m);
    like($all, qr{ordinary page.*\r\nConnection: close\r\n.*^retry: 100\n}ms, 'the stream is the last answer');
    ok($place->wait_operator('boris', 'free'), 'it stays');
    noted(qr/^detached boris /m, 'detached');
    send_all($socket, "more\r\n" x 100, now() + 5);
    my $id = $place->added(taskId => fresh_id());
    like(read_until($socket, qr/\n\n/), qr/event: task\ndata: \{"taskId":"\Q$id\E"/, 'whatever the client says now');
    $place->withdraw($id);
    $place->op('boris')->exit;
    my $rest = read_until($socket, qr/\n\r\n0\r\n\r\n\z/);
    is(read_some($socket, now() + 5), '', 'and it ends well');
};

subtest 'QueueTasksDetach off' => sub {
    my $stream = place(undef, server => $server, path => '/off')->op('clara')->stream;
    ok($place->wait_operator('clara', 'free'), 'the stream is there');
    unlike(notes(), qr/clara/, 'no line in the access log while it lasts');
    my $id = $place->added(taskId => fresh_id());
    ok($stream->wait_task, 'a task comes');
    $place->withdraw($id);
    $place->op('clara')->exit;
    ok($stream->closed_within(5) && $stream->ended_well, 'it ends well');
    noted(qr/^suspended clara 200 \d+ \d+$/m, 'its line comes then');
    my ($body, $all) = notes() =~ /^suspended clara 200 (\d+) (\d+)/m;
    is($body, length $stream->raw, 'with all its bytes');
    is($all, length $stream->wire, 'and, by mod_logio, those around them');
};

subtest 'descriptors come back' => sub {
    my $count = sub { my $n = 0; $n += () = glob "/proc/$_/fd/*" for $server->children; $n };
    my $before = $count->();
    my @streams = map { $place->op("op$_")->stream } 1 .. 60;
    ok($count->() >= $before + 50, 'sixty streams hold descriptors');
    $_->disconnect for @streams;
    ok($server->wait_for(10, sub { $count->() <= $before + 2 }), 'and give them back');
    ok($place->wait_operator('op60', '', 5), 'their users are gone after the grace');
};

$place->check_ok;
ok($server->stop(15), 'the server stops');
is_error_free($server, 'its log is clean');
done_testing();
