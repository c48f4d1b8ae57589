# Keep-alives: after silence, in the form that is asked for, in these bytes.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

subtest 'QT-13: the event' => sub {
    my $anna = $place->op('anna');
    my $began = now();
    my $stream = $anna->stream;
    my $event = $stream->wait_event(type => 'connection');
    ok($event, 'comes') or return;
    my $bytes = "event: connection\ndata: \"Повторное подключение\"\n\n";
    utf8::encode($bytes);
    is($event->raw =~ s/\A(?::.*\n|retry:.*\n)*\n?//r, $bytes, 'in these bytes');
    my $took = $event->{at} - $began;
    ok($took >= 0.5, sprintf 'after the interval (%.2f s)', $took);
    my $next = $stream->wait_event(type => 'connection');
    ok($next, 'and again') or return;
    $took = $next->{at} - $began;
    ok($took >= 1, sprintf 'after another (%.2f s)', $took);
    is($next->raw, $bytes, 'in the same bytes');
    unlike($stream->raw, qr/^id:/m, 'QT-15: no id');
    $anna->exit;
};

subtest 'X-6: the comment' => sub {
    my $boris = place('comment')->op('boris');
    my $stream = $boris->stream;
    ok($stream->wait_raw(qr/^:.*\n\n?(?:.*\n)*?:/m, 3), 'a second comment comes');
    is(scalar($stream->seen), 0, 'which is no event');
    $boris->exit;
};

subtest 'X-6: none' => sub {
    my $quiet = place('none');
    my $clara = $quiet->op('clara');
    my $stream = $clara->stream;
    $stream->wait_raw(qr/^:/m, 2);
    my $other = $place->op('diana')->stream;
    ok($other->wait_event(type => 'connection', deadline => 3) && $other->wait_event(type => 'connection', deadline => 3), 'two intervals go by');
    my $before = length $stream->raw;
    my $id = $quiet->added(taskId => fresh_id());
    is($stream->wait_task->json->{taskId}, $id, 'the stream is alive');
    like(substr($stream->raw, $before), qr/\Aevent: task\n/, 'and nothing came before the task');
    $quiet->withdraw($id);
    $_->exit for $clara, $place->op('diana');
};

done_testing();

__DATA__
QueueTasksKeepAlive 500ms
[comment]
QueueTasksKeepAliveForm comment
[none]
QueueTasksKeepAliveForm none
QueueTasksZone keepalive-none 1m
