# Queues: first in, first out, each message to one reader; polls, joined answers, streams, closing. RK rows.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $anna = $place->op('anna');
my $id = qr/[0-9a-f]+-\d+/;
my $end = "data: ---terminate---\n\n";

sub bytes { my ($text) = @_; utf8::encode($text); return $text }
sub read_queue { my ($user, $queue, %opt) = @_; return $place->op($user)->listen("queues/$queue/messages", %opt) }
# The data of the next n messages of a stream.
sub given { my ($stream, $n) = @_; return map { my $event = $stream->wait_event(type => 'message', deadline => 5); $event ? $event->data : 'nothing' } 1 .. $n }

subtest 'RK-1, RK-2, RK-4, RK-6, RK-8: poll' => sub {
    my $answer = $place->push_to('q1', 'one');
    is_good($answer, 201, 'one message');
    is($answer->result->{count}, 1, 'is one');
    like($answer->result->{ids}[0], qr/^$id$/, 'with an id');
    my $many = $place->push_to('q1', ['two', 3, { b => 1 }, JSON::PP::null(), "line\nline"]);
    is_good($many, 201, 'many at once');
    is($many->result->{count}, 5, 'are counted');
    my $read = $anna->poll('q1');
    is($read->status, 200, 'a poll');
    is($read->header('Content-Type'), 'text/event-stream; charset=utf-8', 'is events');
    my @ids = ($answer->result->{ids}[0], @{ $many->result->{ids} });
    is($read->body, join('', map { "id: $ids[$_->[0]]\ndata: $_->[1]\n\n" } [0, 'one'], [1, 'two'], [2, '3'], [3, '{"b":1}'], [4, 'null'], [5, "line\ndata: line"]),
        'one event for each, in order, with its id; what is no string goes as JSON');
    is($anna->poll('q1')->body, '', 'RK-6: read once');
};

subtest 'RK-10: empty and unknown' => sub {
    my $read = $anna->poll('unknown');
    is($read->status, 200, 'unknown: 200');
    is($read->body, '', 'and nothing, not even retry');
    is($read->header('Content-Type'), 'text/event-stream; charset=utf-8', 'of the same type');
    ok(!(grep { $_->{queueId} eq 'unknown' } @{ $place->internal('GET', 'queues')->result }), 'RK-13: asking makes no queue');
};

subtest 'RK-9, A-19: joined' => sub {
    $place->push_to('j', [qw(a b c)]);
    is($anna->poll('j', query => 'format=joined')->body, "data: a<br/>b<br/>c\n\n", 'one event, no delimiter in front');
    $place->push_to('j', ['a', "b\nc"]);
    is($anna->poll('j', query => 'format=joined&delimiter=%5Cn')->body, "data: a\\nb\ndata: c\n\n", 'another delimiter; lines are lines');
    $place->push_to('j', ['a', 'b']);
    is($anna->poll('j', query => 'format=joined&delimiter=')->body, "data: ab\n\n", 'none');
    is($anna->poll('j', query => 'format=joined')->body, '', 'nothing is no event');
    $place->push_to('j', ['last']);
    $place->close_queue('j');
    is($anna->poll('j', query => 'format=joined')->body, "data: last\n\n$end", 'RK-11: the end is an event of its own');
    is_bad($anna->get("queues/j/messages?$_"), 400, 1, "?$_: 400/1") for 'mode=x', 'mode=', 'mode=poll&format=x', 'format=joined', 'mode=stream&format=joined';
};

subtest 'RK-3, RK-11, A-21: the end' => sub {
    $place->push_to('c', 'last');
    is_good($place->close_queue('c'), 200, 'closed');
    is_good($place->close_queue('c'), 200, 'again: the same');
    is_bad($place->push_to('c', 'late'), 409, 6, 'RK-15: nothing more comes: 409/6');
    like($anna->poll('c')->body, qr/^id: $id\ndata: last\n\n\Q$end\E$/, 'what is left, and then the end');
    is($anna->poll('c')->body, $end, 'and the end again to who comes later');
    is_bad($place->push_to('c', 'late'), 409, 6, 'it stays closed');
    is_good($place->close_queue('never'), 200, 'RK-20: a queue that never had a message');
    is($anna->poll('never')->body, $end, 'has an end, too');
};

subtest 'A-22, RK-27: no message looks like the end' => sub {
    is_bad($place->push_to('t', '---terminate---'), 400, 1, 'alone: 400/1');
    is_bad($place->push_to('t', ['a', '---terminate---']), 400, 1, 'among others: 400/1');
    is($anna->poll('t')->body, '', 'RK-2: and none of those comes');
    is_good($place->push_to('t', ' ---terminate---'), 201, 'with anything beside it, it does not');
};

subtest 'RK-7, RK-29, A-23: ids' => sub {
    $place->push_to('Case-ID', 'x');
    like($anna->poll('cASE-id')->body, qr/data: x/, 'case does not count');
    $place->push_to('Очередь', bytes('ю'));
    is($anna->poll('очередь')->body, '', 'beyond ASCII it does');
    like($anna->poll('Очередь')->body, qr/data: /, 'any letters are fine');
    is_bad($place->push_to('x' x 129, 'x'), 400, 1, 'too long: 400/1');
    is_bad($place->internal('POST', 'queues/a%0Ab/messages', body => 'x'), 400, 1, 'a line feed: 400/1');
};

subtest 'RK-21, RK-22: any text' => sub {
    my @texts = ('Привет 🙂', "a\rb\nc\r\nd", "x\n\ndata: ---terminate---\n\n", '', "NUL\0", '[not json', '{"an":"object"}', 'x' x 65536);
    is_good($place->push_to('text', bytes($_)), 201, 'taken') for @texts;
    my @events = split /\n\n(?=id)/, $anna->poll('text')->body;
    is(scalar @events, scalar @texts, 'as many events');
    my @data = map { join "\n", /^data: (.*)$/mg } @events;
    is_deeply(\@data, [map { bytes($_) =~ s/\r\n?/\n/gr } @texts], 'and every one comes out as it went in, but for line ends');
    is_bad($place->push_to('text', "\xff"), 400, 1, 'no UTF-8: 400/1');
    is_bad($place->push_to('text', 'x' x 65537), 413, 7, 'too long: 413/7');
};

subtest 'content types' => sub {
    my $send = sub { my ($type, $body) = @_; return $place->internal('POST', 'queues/media/messages', body => $body, headers => { 'Content-Type' => $type }) };
    is($send->('text/plain', '["a","b"]')->result->{count}, 1, 'an array that does not say that it is JSON is one text');
    is($send->('application/json; charset=utf-8', '["a","b"]')->result->{count}, 2, 'one that does is many');
    is($send->('application/json', '{"a": 1}')->result->{count}, 1, 'an object is one');
    is($send->('application/json', '"a"')->result->{count}, 1, 'a string is one');
    is_bad($send->('application/json', '["a"'), 400, 1, 'no JSON: 400/1');
    my $none = $send->('application/json', '[]');
    is_good($none, 201, 'an empty array');
    is_deeply($none->result, { count => 0, ids => [] }, 'is none');
    is_bad($send->('application/json', '[' . join(',', (1) x 4097) . ']'), 413, 7, 'more than 4096 at once: 413/7');
    my @data = $anna->poll('media')->body =~ /^data: (.*)$/mg;
    is_deeply(\@data, ['["a","b"]', 'a', 'b', '{"a": 1}', '"a"'], 'what is one is as it was sent');
};

subtest 'A-20: stream' => sub {
    my $stream = read_queue('anna', 's');
    is($stream->status, 200, 'a stream');
    ok($stream->wait_raw(qr/^:/m, 5), 'says something at once');
    my $ids = $place->push_to('s', [qw(a b)])->result->{ids};
    is_deeply([given($stream, 2)], [qw(a b)], 'is given what comes');
    is($stream->last_id, $ids->[1], 'with ids');
    $place->push_to('s', 'c');
    $place->close_queue('s');
    is_deeply([given($stream, 2)], ['c', '---terminate---'], 'and the end');
    ok($stream->closed_within(5), 'which is the end of the stream');
    is($stream->ended_well, 1, 'as HTTP wants it');
    like($stream->raw, qr/\n\Q$end\E$/, 'without an id or a type');
    my $late = read_queue('boris', 's');
    is_deeply([given($late, 1)], ['---terminate---'], 'who comes later is told, too');
    ok($late->closed_within(5), 'and ends');
};

subtest 'RK-6: readers compete' => sub {
    my @readers = map { read_queue($_, 'compete') } qw(r1 r2 r3);
    $place->push_to('compete', [1 .. 30]);
    $place->close_queue('compete');
    my %seen;
    for my $reader (@readers) {
        ok($reader->closed_within(5), 'a reader ends');
        my @data = map { $_->data } grep { $_->type eq 'message' } $reader->seen;
        is(pop @data, '---terminate---', 'after its end');
        is_deeply(\@data, [sort { $a <=> $b } @data], 'in order');
        $seen{$_}++ for @data;
    }
    is_deeply(\%seen, { map { $_ => 1 } 1 .. 30 }, 'each message went to one');
};

subtest 'RK-14, RK-26, A-24: a stream that breaks' => sub {
    my $stream = read_queue('clara', 'broken');
    $place->push_to('broken', [qw(a b)]);
    is_deeply([given($stream, 2)], [qw(a b)], 'given');
    my ($first, $last) = $stream->raw =~ /^id: (\S+)$/mg;
    $stream->disconnect;
    my $again = read_queue('clara', 'broken', last => $first);
    is_deeply([given($again, 1)], ['b'], 'who returns by his last id gets the rest again');
    $again->disconnect;
    my $other = read_queue('boris', 'broken');
    my @got = given($other, 1);
    is($got[0], 'b', 'after the grace anybody does') or diag($other->raw);
    select undef, undef, undef, 0.8; # the grace, in which it counts as read
    $other->disconnect;
    $place->close_queue('broken');
    my $ends = 0;
    ok($place->wait_entry('queues', sub { $_[0]{queueId} eq 'broken' && $_[0]{inFlight} == 0 }), 'nothing is in flight any more');
    is($anna->poll('broken')->body, $end, 'what was read before the stream broke is read');
};

subtest 'a poll is read when it is written' => sub {
    $place->push_to('polled', 'x');
    my ($seen) = $anna->poll('polled')->body =~ /^id: (\S+)/;
    ok($seen, 'polled');
    is($place->op('boris')->poll('polled')->body, '', 'and gone');
    my $head = $place->op('boris');
    $place->push_to('polled', 'y');
    is($anna->call('HEAD', 'queues/polled/messages?mode=poll')->status, 200, 'HEAD');
    like($anna->poll('polled', headers => { Range => 'bytes=0-3' })->body, qr/data: y\n\n$/, 'takes nothing; nor does a Range cut');
    is_bad($anna->poll('polled', headers => { Accept => 'application/json' }), 406, 12, 'Accept: 406/12');
    is_bad($place->api('GET', 'queues/polled/messages?mode=poll'), 401, 3, 'RK-28: nobody reads');
};

subtest 'a poll by ticket' => sub {
    $place->push_to('ticket', 'x');
    my $ticket = $anna->post('tickets')->result->{ticket};
    like($place->api('GET', "queues/ticket/messages?mode=poll&ticket=$ticket")->body, qr/data: x/, 'stands for its caller');
    is_bad($place->api('GET', "queues/ticket/messages?mode=poll&ticket=$ticket"), 401, 3, 'once');
};

subtest 'many messages' => sub {
    $place->push_to('long', [map { "$_ " . 'x' x 10 } 1 .. 2000]);
    my @data = $anna->poll('long')->body =~ /^data: (\d+)/mg;
    is_deeply(\@data, [1 .. 2000], 'come in one poll');
};

subtest 'GET queues' => sub {
    $place->push_to('List-Me', [1, 2]);
    my $stream = read_queue('r', 'listed-2');
    my ($one) = grep { $_->{queueId} eq 'list-me' } @{ $place->internal('GET', 'queues?limit=10000')->result };
    is_deeply($one, { queueId => 'list-me', messages => 2, inFlight => 0, readers => 0, closed => JSON::PP::false() }, 'figures of a queue');
    my (@names, $after);
    for (1 .. 100) {
        my $page = $place->internal('GET', 'queues?limit=3' . (defined $after ? '&after=' . uri($after) : ''))->result;
        last unless @$page;
        push @names, map { $_->{queueId} } @$page;
        $after = $names[-1];
    }
    my @all = map { $_->{queueId} } @{ $place->internal('GET', 'queues')->result };
    is_deeply([sort @names], [sort @all], 'page by page, all of them once');
    is_bad($place->internal('GET', "queues?$_"), 400, 1, "?$_: 400/1") for 'limit=0', 'limit=x', 'limit=10001', 'after=';
    is_good($place->internal('GET', 'queues?after=gone'), 200, 'after one that is gone it goes on');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone queues 8m
QueueTasksMaxStreamsPerUser 0
