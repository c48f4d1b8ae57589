# Filters and transports that stand between us and the client: compression, TLS, pipelined bytes.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

subtest 'X-3: mod_deflate is flushed per event' => sub {
    plan skip_all => 'Perl has no zlib' unless eval { require Compress::Raw::Zlib; 1 };
    my $place = place('deflate');
    my $anna = $place->op('anna');
    my $stream = $anna->stream(headers => { 'Accept-Encoding' => 'gzip' });
    my $zipped = ($stream->header('Content-Encoding') // '') eq 'gzip';
    ok($zipped, 'the stream is compressed where the server is told to');
    my $inflate = Compress::Raw::Zlib::Inflate->new(-WindowBits => Compress::Raw::Zlib::WANT_GZIP());
    my $plain = '';
    my $done = 0;
    my $read = sub {
        my $more = substr $stream->raw, $done;
        $done = length $stream->raw;
        my $out = '';
        $inflate->inflate($more, $out) if $zipped && length $more;
        $plain .= $zipped ? $out : $more;
        return $plain;
    };
    ok($stream->until_true(3, sub { $read->() =~ /^:/m }), 'the first comment comes through at once');
    my $id = $place->added(taskId => fresh_id());
    ok($stream->until_true(3, sub { $read->() =~ /^event: task\ndata: \{"taskId":"\Q$id\E"/m }), 'and a task, when it is offered');
    $place->withdraw($id);
    $anna->exit;
};

subtest 'bytes after the request do no harm' => sub {
    my $place = place();
    my $boris = $place->op('boris');
    my $stream = $boris->stream;
    syswrite $stream->socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n" x 3;
    my $id = $place->added(taskId => fresh_id());
    my $event = $stream->wait_task(deadline => 3);
    is($event && $event->json->{taskId}, $id, 'the stream goes on');
    $place->withdraw($id);
    $boris->exit;
};

place()->check_ok;
done_testing();

__DATA__
[deflate]
api: SetOutputFilter DEFLATE
