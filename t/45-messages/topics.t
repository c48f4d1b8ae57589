# Topics: publishing and listening, live. SP-1 to SP-8, bodies of every kind, what is refused.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(request);

my $place = place();
my $anna = $place->op('anna');
my $id = qr/[0-9a-f]+-\d+/;

sub number { return $_[0] =~ /-(\d+)$/ ? $1 : -1 }
sub next_of { return $_[0]->wait_event(where => sub { $_[0]->type ne 'synchronizing' && $_[0]->type ne 'connection' }, deadline => 5) }

subtest 'SP-1, SP-3, SP-6, SP-7, SP-8: subscribe and fire' => sub {
    my $stream = $anna->listen('events?topic=a/1');
    is($stream->status, 200, 'a stream');
    my $first = $stream->wait_event(deadline => 5);
    is($first->type, 'synchronizing', 'SP-7: the first event of a first connect') or return;
    is($first->data, 'NULL', 'with these data');
    like($first->id, qr/^$id$/, 'and the current id');
    my $answer = $place->publish('a/1', 'hello');
    is_good($answer, 200, 'published');
    is($answer->result->{listeners}, 1, 'to one listener');
    my $event = next_of($stream);
    is($event->raw, "id: @{[ $answer->result->{id} ]}\ndata: hello\n\n", 'SP-6: in these bytes') or return;
    is(number($event->id), number($first->id) + 1, 'SP-8: ids count up from the one that was told');
    is_good($place->publish('a/2', 'other'), 200, 'another topic');
    is_good($place->publish('a/1', '{"n":1}', type => 'MESSAGE'), 200, 'with a type');
    $event = next_of($stream);
    is($event->type, 'MESSAGE', 'SP-30: the type is the event');
    is($event->data, '{"n":1}', 'data as they were');
    is(number($event->id), number($first->id) + 3, 'SP-8: what was not for us has had its number');
    is($place->publish('a/2', 'nobody')->result->{listeners}, 0, 'nobody listens there');
    is_good($place->publish('a/1', 'x', type => 'message'), 200, 'the type message');
    unlike(next_of($stream)->raw, qr/^event:/m, 'is the default one, without a line');
};

subtest 'several topics on one stream' => sub {
    my $stream = $anna->listen('events?topic=m/1&topic=m/2&topic=m/1');
    my @ids = map { $place->published(@$_) } ['m/2', 'b'], ['m/1', 'a'], ['m/3', 'c'], ['m/2', 'd'];
    my @got = map { next_of($stream) } 1 .. 3;
    is_deeply([map { $_->data } @got], [qw(b a d)], 'in the order of one sequence, each once');
    is_deeply([map { $_->id } @got], [@ids[0, 1, 3]], 'with the ids that the publisher was told');
    is($place->internal('GET', 'topics?limit=1000')->status, 200, 'the topics');
    ok($place->wait_entry('topics', sub { $_[0]{topic} eq 'm/1' && $_[0]{listeners} == 1 }), 'a topic named twice is subscribed to once');
};

subtest 'SP-2, SP-4, A-36: keys' => sub {
    my $stream = $anna->listen('events?topic=k&key=7&key=8');
    my $all = $anna->listen('events?topic=k');
    $place->published('k', @$_) for ['nine', key => 9], ['seven', key => 7], ['all'], ['eight', key => '8'], ['seventy', key => 70];
    is_deeply([map { next_of($stream)->data } 1 .. 3], [qw(seven all eight)], 'a filter lets through its keys, and what has none');
    is_deeply([map { next_of($all)->data } 1 .. 5], [qw(nine seven all eight seventy)], 'who has none hears all');
    unlike($stream->raw, qr/nine|seventy/, 'SP-40: no byte of a foreign key');
    my $other = place('other')->op('boris')->listen('events?topic=k');
    $place->published('k', 'here');
    is(next_of($all)->data, 'here', 'another zone:');
    is(scalar(grep { $_->type ne 'synchronizing' } $other->seen), 0, 'shares nothing');
};

subtest 'envelopes' => sub {
    my $stream = $anna->listen('events?topic=e/1&topic=e/2&envelope=1');
    $place->published('e/1', '{"a": [1, 2]}', key => 'k', type => 'T');
    my $event = next_of($stream);
    is_deeply($event->json, { topic => 'e/1', key => 'k', type => 'T', data => { a => [1, 2] } }, 'JSON is JSON in it') or diag($event->raw);
    is($event->type, 'T', 'and the event has its type');
    $place->published('e/2', "two\nlines \"quoted\"");
    $event = next_of($stream);
    is($event->json->{data}, "two\nlines \"quoted\"", 'anything else is a string');
    is($event->json->{topic}, 'e/2', 'of its topic');
    is($event->json->{key}, undef, 'without a key');
};

subtest 'X-4, RK-22, NT-73: bodies of every kind' => sub {
    my $stream = $anna->listen('events?topic=body');
    my $long = 'x' x (64 * 1024);
    my %bodies = (
        'Cyrillic and an emoji' => "Привет, 🙂", 'CR, LF, CRLF' => "a\rb\nc\r\nd", 'what looks like fields' => "x\nid: 9\nevent: task\n\ndata: y",
        'a blank first' => ' x', 'line ends alone' => "\n\n", 'nothing' => '', 'NUL' => "a\0b", '64 KiB' => $long, 'a BOM' => "\x{feff}x",
    );
    for my $what (sort keys %bodies) {
        my $bytes = $bodies{$what};
        utf8::encode($bytes);
        is_good($place->publish('body', $bytes), 200, "$what is taken");
        my $event = next_of($stream);
        is($event && $event->data, $bytes =~ s/\r\n?/\n/gr, 'and comes out line by line');
    }
    unlike($stream->raw, qr/\r/, 'no CR on the wire');
    is_bad($place->publish('body', "\xff"), 400, 1, 'no UTF-8: 400/1');
    is_bad($place->publish('body', "\xed\xa0\x80"), 400, 1, 'a surrogate: 400/1');
    is_bad($place->publish('body', $long . 'x'), 413, 7, 'over QueueTasksMaxBody: 413/7');
    for my $type ('application/json', 'text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded') {
        is_good($place->internal('POST', 'topics/body', body => 'any', headers => { 'Content-Type' => $type }), 200, "$type is as good as any");
    }
};

subtest 'names of topics' => sub {
    my $stream = $anna->listen('events?topic=' . uri('Заказ № 7/строки'));
    is_good($place->publish(join('/', map { uri($_) } 'Заказ № 7', 'строки'), 'x'), 200, 'a topic of any letters');
    is(next_of($stream)->data, 'x', 'is the same in a path and in a query');
    is_good($place->publish('x' x 128, 'x'), 200, '128 bytes');
    is_bad($place->publish('x' x 129, 'x'), 400, 1, '129 bytes: 400/1');
    is_bad($place->publish('a%0Ab', 'x'), 400, 1, 'a line feed: 400/1');
    is_bad($place->publish('a/../b', 'x'), 400, 1, 'two dots: 400/1');
    is($place->publish('', 'x')->status, 404, 'no topic: 404');
    is_bad($anna->get("events?$_"), 400, 1, "events?$_: 400/1")
        for '', 'topic=', 'topic=a&topic=', 'topic=..', 'topic=a%2F..%2Fb', 'topic=%2Fa', 'topic=a%2F', 'topic=a%0Ab', 'topic=a%00', 'topic=%FF',
        'topic=' . 'x' x 129, 'topic=a&key=', 'topic=a&key=%0A', 'topic=a&key=' . 'x' x 129, 'topic=a&envelope=2';
};

subtest 'parameters of a message' => sub {
    is_bad($place->internal('POST', "topics/p?$_", body => 'x'), 400, 1, "?$_: 400/1")
        for 'type=', 'type=open', 'type=error', 'type=a%20b', 'type=a%0Adata', 'type=' . 'x' x 65, 'key=', 'key=%0D', 'messageId=', 'messageId=' . 'x' x 129,
        'version=', 'version=-1', 'version=1.5', 'version=x', 'version=99999999999999999999';
    is_good($place->publish('p', 'x', type => 'A-z_0.9'), 200, 'a type of all that it may hold');
    is_good($place->publish('p', 'x', version => '18446744073709551615'), 200, 'the greatest version');
};

subtest 'methods, media, callers' => sub {
    is_bad($place->internal('PUT', 'topics/p', body => 'x'), 405, 5, 'PUT: 405/5');
    is($place->internal('GET', 'topics/p')->header('Allow'), 'POST, OPTIONS', 'Allow');
    is_bad($place->api('POST', 'topics/p', body => 'x'), 404, 4, 'a Location without section publish lets nobody publish');
    is_bad($place->internal('GET', 'events?topic=p'), 404, 4, 'nor one without subscribe listen');
    is_bad($place->api('GET', 'events?topic=p'), 401, 3, 'N8-19: who is nobody hears nothing');
    is_bad($anna->get('events?topic=p', headers => { Accept => 'application/json' }), 406, 12, 'NT-50: Accept excludes streams');
    for my $accept ('text/event-stream;q=0.9', 'text/*', '*/*', undef) {
        my $stream = $anna->listen('events?topic=p', headers => { Accept => $accept });
        is($stream->status, 200, 'NT-77: Accept: ' . ($accept // '(missing)'));
        $stream->disconnect;
    }
    is_bad($anna->get('events?topic=p', headers => { 'Sec-Fetch-Site' => 'cross-site' }), 403, 3, 'a foreign page');
    my $head = $anna->call('HEAD', 'events?topic=head');
    is($head->status, 200, 'HEAD');
    is($head->header('Content-Type'), 'text/event-stream; charset=utf-8', 'as GET');
    is($place->publish('head', 'x')->result->{listeners}, 0, 'but joins nothing');
    is($anna->call('HEAD', 'events')->status, 400, 'and refuses as GET');
};

subtest 'X-6, A-30: keep-alives are comments' => sub {
    my $stream = $anna->listen('events?topic=quiet');
    ok($stream->wait_raw(qr/NULL\n\n:/, 5), 'a comment after a while');
    is(scalar(grep { $_->type eq 'connection' } $stream->seen), 0, 'and no event');
};

subtest 'messageId: published once' => sub {
    my $stream = $anna->listen('events?topic=once');
    my $first = $place->published('once', 'one', messageId => 'm-1');
    is($place->published('once', 'again', messageId => 'm-1'), $first, 'again: the id of the first');
    isnt($place->published('once', 'two', messageId => 'm-2'), $first, 'another messageId: another message');
    is_good($place->publish('once/other', 'one', messageId => 'm-1'), 200, 'of another topic, too');
    is_deeply([map { next_of($stream)->data } 1 .. 2], [qw(one two)], 'the stream has each once');
};

subtest 'version: the newest of a key stays' => sub {
    my $stream = $anna->listen('events?topic=version');
    my $stale = sub { my $result = $place->publish('version', @_)->result; return $result->{stale} && !defined $result->{id} ? 1 : 0 };
    is($stale->('3', key => 'a', version => 3), 0, 'version 3');
    is($stale->('2', key => 'a', version => 2), 1, 'version 2 is stale');
    is($stale->('b2', key => 'b', version => 2), 0, 'of another key it is not');
    is($stale->('3 again', key => 'a', version => 3), 0, 'version 3 again is not older');
    is($stale->('free', key => 'a'), 0, 'none always wins');
    is($stale->('10', key => 'a', version => 10), 0, 'version 10 is more than 3');
    is_deeply([map { next_of($stream)->data } 1 .. 5], ['3', 'b2', '3 again', 'free', '10'], 'what is stale is sent to nobody');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone topics 8m
QueueTasksTopics **
[other]
QueueTasksZone topics-other 1m
QueueTasksTopics **
