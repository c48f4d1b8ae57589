# How a stream begins: status, headers, retry and a first comment at once; and who gets none.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

subtest 'QT-11, QT-14, X-3: at once' => sub {
    my $anna = $place->op('anna');
    my $stream = $anna->stream;
    ok($stream->wait_raw(qr/^:.*\n/m), 'a first comment comes, long before the first keep-alive') or return;
    is($stream->status, 200, 'status 200');
    is($stream->header('Content-Type'), 'text/event-stream; charset=utf-8', 'Content-Type');
    like($stream->header('Cache-Control'), qr/\bno-cache\b/, 'Cache-Control');
    is($stream->header('X-Accel-Buffering'), 'no', 'X-Accel-Buffering');
    is($stream->header($_), undef, "no $_") for qw(Content-Length ETag Access-Control-Allow-Origin Content-Encoding);
    like($stream->header('Connection') // '', qr/close/i, 'the connection is not for other requests');
    is($stream->header('Transfer-Encoding'), 'chunked', 'chunked to an HTTP/1.1 client');
    like($stream->raw, qr/\Aretry: 100\n/, 'retry: first');
    is($stream->retry, 100, 'as QueueTasksRetry says');
    unlike($stream->raw, qr/\r|\A\xef\xbb\xbf/, 'LF alone, no BOM');
    is(scalar($stream->seen), 0, 'and no event');
    $anna->exit;
};

subtest 'QueueTasksRetry 0 sends none' => sub {
    my $boris = place('noretry')->op('boris');
    my $stream = $boris->stream;
    ok($stream->wait_raw(qr/^:/m), 'a first comment comes');
    is($stream->retry, undef, 'no retry:');
    $boris->exit;
};

subtest 'an HTTP/1.0 client' => sub {
    my $clara = $place->op('clara');
    my $stream = $clara->stream(version => '1.0', headers => { Connection => undef });
    is($stream->header('Transfer-Encoding'), undef, 'is not sent chunks');
    my $id = $place->added(taskId => fresh_id());
    my $event = $stream->wait_task;
    ok($event && $event->json->{taskId} eq $id, 'reads the same events');
    unlike($stream->raw, qr/^[0-9a-f]+\r?$/m, 'without framing');
    $place->withdraw($id);
    $clara->exit;
    ok($stream->closed_within(5), 'the end of the connection is the end of the stream');
};

subtest 'media types' => sub {
    my $diana = $place->op('diana');
    for my $accept ('*/*', 'text/*', 'application/json, text/event-stream;q=0.5', undef) {
        my $stream = $diana->stream(headers => { Accept => $accept });
        is($stream->status, 200, 'Accept: ' . ($accept // '(missing)'));
        $stream->disconnect;
    }
    is_bad($diana->get('wait-sse', headers => { Accept => 'text/html' }), 406, 12, 'text/html: 406');
    is_bad($diana->get('wait-sse', headers => { Accept => 'text/event-stream;q=0' }), 406, 12, 'q=0: 406');
    $diana->exit;
};

subtest 'other methods' => sub {
    my $eva = $place->op('eva');
    my $head = $eva->call('HEAD', 'wait-sse');
    is($head->status, 200, 'HEAD');
    is($head->header('Content-Type'), 'text/event-stream; charset=utf-8', 'has the same headers');
    is($head->body, '', 'and no body');
    is($place->operator('eva'), undef, 'and joins nothing');
    my $options = $eva->call('OPTIONS', 'wait-sse');
    like($options->header('Allow'), qr/\bGET\b/, 'OPTIONS says GET');
    is($place->operator('eva'), undef, 'and joins nothing');
    is_bad($eva->post('wait-sse'), 405, 5, 'POST: 405');
};

subtest 'the operator is in the queue when the head is there' => sub {
    my $fritz = $place->op('fritz');
    my $stream = $fritz->stream;
    is($place->operator('fritz')->{status}, 'free', 'QT-33: no race between head and queue');
    is($place->operator('fritz')->{status}, 'free', 'and it stays so');
    $fritz->exit;
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksKeepAlive 60s
[noretry]
QueueTasksRetry 0
