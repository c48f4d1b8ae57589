# Where a connection can not be suspended (prefork, worker, HTTP/2) the request's own thread serves the stream, and never too many of them.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $conf = <<'CONF';
QueueTasksUser "%{req:X-User}"
QueueTasksZone blocking 1m
QueueTasksDecisionWindow 5s
QueueTasksReconnectGrace 300ms
QueueTasksKeepAlive 400ms
QueueTasksRetry 100ms
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF

sub lives
{
    my ($mpm, %size) = @_;
    my $server = QueueTasks::Server->start(mpm => $mpm, conf => $conf, %size);
    my $place = place(undef, server => $server, path => '/q');
    my $anna = $place->op('anna');
    my $stream = $anna->stream;
    ok($stream->wait_raw(qr/^:/m, 2), "$mpm: the head comes at once");
    ok($stream->wait_event(type => 'connection', deadline => 3), "$mpm: a keep-alive comes");
    my $id = $place->added(taskId => fresh_id());
    my $event = $stream->wait_task(deadline => 3);
    is($event && $event->json->{taskId}, $id, "$mpm: a task comes");
    is_good($anna->assign($id), 200, "$mpm: assign");
    ok($stream->wait_event(type => 'closed', deadline => 3), "$mpm: and is told");
    is_good($anna->complete($id), 200, "$mpm: complete");

    my $second = $place->op('boris')->stream;
    is($second->status, 200, "$mpm: beyond QueueTasksMaxBlockingStreams it is 200 too");
    ok($second->wait_event(type => 'busy', deadline => 3), "$mpm: with a busy event");
    ok($second->closed_within(3) && $second->ended_well, "$mpm: and a clean end");
    is($place->operator('boris'), undef, "$mpm: boris did not join");
    is(scalar(grep { $_->status == 200 } map { $anna->get('my-tasks') } 1 .. 5), 5, "$mpm: ordinary requests go on");

    $stream->disconnect;
    ok($place->wait_operator('anna', '', 5), "$mpm: who leaves is out after the grace");
    my $again;
    my $until = now() + 10;
    do { $again = $place->op('clara')->stream } until !$again->is_busy || now() > $until;
    ok($place->wait_operator('clara', 'free'), "$mpm: his thread is free for another");
    ok($server->graceful(15), "$mpm: a graceful restart with a stream open");
    ok($again->closed_within(5), "$mpm: ends it");
    $place->check_ok("$mpm: every invariant holds");
    ok($server->stop(15), "$mpm: stops");
    is_error_free($server, "$mpm: the log is clean");
}

subtest 'prefork' => sub { lives('prefork', children => 4) };
subtest 'worker' => sub { lives('worker', children => 2, threads => 2) };

subtest 'HTTP/2 without TLS' => sub {
    plan skip_all => 'curl knows no HTTP/2' unless qx(curl --version 2>/dev/null) =~ /HTTP2/;
    my $server = QueueTasks::Server->start(conf => "Protocols h2c http/1.1\nQueueTasksMaxBlockingStreams 2\n$conf");
    my $place = place(undef, server => $server, path => '/q');
    my $pid = open my $curl, '-|', 'curl', '-sN', '--http2-prior-knowledge', '--max-time', 20, '-H', 'X-User: anna', 'http://127.0.0.1:' . $server->port . '/q/api/wait-sse'
        or die $!;
    ok($place->wait_operator('anna', 'free'), 'the stream is open');
    my $id = $place->added(taskId => fresh_id());
    my $text = '';
    my $until = now() + 5;
    $curl->blocking(0);
    until ($text =~ /^event: task\ndata: \{"taskId":"\Q$id\E"/m || now() > $until) {
        my $bytes = QueueTasks::Client::read_some($curl, $until) // last;
        last if $bytes eq '';
        $text .= $bytes;
    }
    like($text, qr/^event: task\ndata: \{"taskId":"\Q$id\E","assigned":false,/m, 'a task comes over HTTP/2');
    kill 'TERM', $pid;
    close $curl;
    ok($place->wait_operator('anna', '', 5), 'and a client that leaves is noticed');
    $place->check_ok;
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
};

done_testing();
