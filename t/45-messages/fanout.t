# Messages, fanned out in the children: what streams of every transport hear of topics, in which order, and how they catch up.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $conf = <<'CONF';
QueueTasksUser "%{req:X-User}"
QueueTasksZone fanout 16m
QueueTasksReconnectGrace 500ms
QueueTasksKeepAlive 30s
QueueTasksRetry 100ms
QueueTasksMaxBlockingStreams 60
SendBufferSize 262144
QueueTasksMaxStreamsPerUser 0
QueueTasksTopics **
QueueTasksTopic ** retain=100 age=1h delivery=all
QueueTasksTopic last/** delivery=last
QueueTasksTopic none/** delivery=none
QueueTasksTopic few/** retain=5
Protocols h2c http/1.1
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe subscribe
    <If "%{QUERY_STRING} =~ /detach=0/">
        QueueTasksDetach off
    </If>
    <If "%{QUERY_STRING} =~ /skip=1/">
        QueueTasksSlowClient skip
    </If>
    <If "%{QUERY_STRING} =~ /short=1/">
        QueueTasksKeepAlive 300ms
    </If>
    <If "%{QUERY_STRING} =~ /named=1/">
        QueueTasksKeepAlive 300ms
        QueueTasksKeepAliveForm event
    </If>
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF

# Everything below is done twice: under the event MPM, where streams are detached or suspended, and under worker, where each has a thread.
my ($server, $place, $anna, %how);

sub ways { return sort keys %how }

sub begun
{
    my ($what, %opt) = @_;
    my $stream = $anna->listen($what, %opt);
    $stream->wait_event(type => 'synchronizing') or die "no beginning of $what";
    return $stream;
}

sub data_is
{
    my ($events, $wanted, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply([map { $_->data } @$events], $wanted, $name);
}

sub everything
{
    my ($size, %ways) = @_;
    $server = QueueTasks::Server->start(@$size, conf => $conf);
    $place = place(undef, server => $server, path => '/q');
    $anna = $place->op('anna');
    %how = %ways;

    subtest 'SP-7: a first connection begins with its place' => sub {
        for my $way (ways()) {
            my $before = $place->published('first', 'before');
            my $stream = $anna->listen("events?topic=first$how{$way}");
            my $event = $stream->wait_event;
            is($event && $event->raw, "id: $before\nevent: synchronizing\ndata: NULL\n\n", "$way: at once, exactly so, with the id of the last event of the zone");
            is_quiet($stream, "$way: and nothing of what was before");
            my $id = $place->published('first', 'after');
            $event = $stream->wait_event;
            is($event && $event->raw, "id: $id\ndata: after\n\n", "$way: what comes after comes with its id");
            $stream->disconnect;
        }
    };

    subtest 'one message to many streams, of all transports and in both children' => sub {
        my @streams = map { begun("events?topic=many/a&topic=many/b$how{$_->[0]}") } map { my $n = $_; map { [$_, $n] } ways() } 1 .. 3;
        push @streams, map { begun('events?topic=many/a') } 1 .. 20;
        my %children = map { ($server->child_of($_) // '') => 1 } @streams;
        is(scalar(keys %children), 2, 'streams are in both children');
        my (@ids, @texts);
        for my $n (1 .. 30) {
            my $topic = $n % 3 ? 'many/a' : 'many/b';
            my $answer = $place->publish($topic, "$n");
            is($answer->result->{listeners}, $n % 3 ? scalar @streams : @streams - 20, "message $n has its listeners") if $n <= 3;
            push @ids, $answer->result->{id};
        }
        my @right = (0, 0);
        for my $i (0 .. $#streams) {
            my $both = $i < @streams - 20;
            my @want = map { "$ids[$_ - 1] $_" } grep { $both || $_ % 3 } 1 .. 30;
            my @got = map { $_->id . ' ' . $_->data } $streams[$i]->next_events(scalar @want);
            $right[$both]++ if "@got" eq "@want";
        }
        is($right[1], @streams - 20, 'streams of two topics hear both, in the order of the ids, once');
        is($right[0], 20, 'streams of one hear one');
        is(scalar(grep { $_->seen } @streams), 0, 'and nothing else');
        my ($seq) = map { /-(\d+)$/ } $ids[0];
        is_deeply([map { /-(\d+)$/ } @ids], [$seq .. $seq + 29], 'ids are one sequence over the topics');
        $_->disconnect for @streams;
    };

    subtest 'any text' => sub {
        my @streams = map { begun("events?topic=text$how{$_}") } ways();
        my @texts = ("plain", "Ünïcödé \x{1f600}", "two\nlines", "cr\rlf\r\ncrlf", "ends\n", "\n", "", ":colon", " leading", "data: x\n\nid: 7\nevent: y", "a\0b", 'x' x 65000);
        utf8::encode($_) for @texts;
        $place->published('text', $_) for @texts;
        for my $stream (@streams) {
            my @got = $stream->next_events(scalar @texts, 20);
            data_is(\@got, [map { s/\r\n?/\n/gr } @texts], 'comes as it was, line breaks being line breaks');
        }
        is($place->publish('text', "\xff")->status, 400, 'but what is no UTF-8');
        $_->disconnect for @streams;
    };

    subtest 'keys, types and envelopes' => sub {
        my $all = begun('events?topic=keys');
        my $one = begun('events?topic=keys&key=k1');
        my $two = begun('events?topic=keys&key=k1&key=%D0%BF&envelope=1' . ($how{suspended} // ''));
        $place->published('keys', '{"a": 1}', key => 'k1', type => 'PRICE');
        $place->published('keys', 'no key');
        $place->published('keys', '2', key => 'k2');
        $place->published('keys', '"p"', key => "\x{43f}");
        data_is([$all->next_events(4)], ['{"a": 1}', 'no key', '2', '"p"'], 'without a filter everything');
        my @events = $one->next_events(2);
        data_is(\@events, ['{"a": 1}', 'no key'], 'with one key its events and those without');
        is_deeply([map { $_->type } @events], ['PRICE', 'message'], 'events have their types');
        @events = $two->next_events(3);
        is_deeply([map { $_->json } @events], [{ topic => 'keys', key => 'k1', type => 'PRICE', data => { a => 1 } },
            { topic => 'keys', key => undef, type => 'message', data => 'no key' }, { topic => 'keys', key => "\x{43f}", type => 'message', data => 'p' }],
            'in envelopes');
        is_quiet($_, 'and nothing else') for $one, $two;
        my $back = $anna->listen('events?topic=keys&key=%D0%BF', last => $events[0]->id);
        data_is([$back->next_events(2)], ['no key', '"p"'], 'what is resent is filtered, too');
        $_->disconnect for $all, $one, $two, $back;
    };

    subtest 'who comes back is given what he missed' => sub {
        for my $way (ways()) {
            my $tag = "back/$way";
            my $stream = begun("events?topic=$tag&topic=last/$way&topic=none/$way$how{$way}");
            $place->published($tag, 'seen');
            my $last = $stream->wait_event->id;
            $stream->disconnect;
            $place->published($tag, 'all 1');
            $place->published("last/$way", 'old', key => 'a');
            $place->published("last/$way", 'b', key => 'b');
            $place->published("none/$way", 'none');
            $place->published("last/$way", 'new', key => 'a');
            $place->published($tag, 'all 2');
            my $query = "events?topic=$tag&topic=last/$way&topic=none/$way$how{$way}";
            for my $again ([$query, last => $last], ["$query&lastEventId=$last"],
                ["$query&lastEventId=0-1", last => $last]) {
                my $back = $anna->listen(@$again);
                my @events = $back->next_events(4);
                data_is(\@events, ['all 1', 'b', 'new', 'all 2'], "$way: by the rules of each topic, in order");
                is_quiet($back, "$way: once");
                $place->published("none/$way", 'live');
                data_is([$back->next_events(1)], ['live'], "$way: then live");
                $back->disconnect;
            }
        }
    };

    subtest 'ids that are none of ours' => sub {
        $place->published('foreign', $_) for 1 .. 3;
        for my $id ('0-1', 'garbled', 'f00d-12', 'ffffffffffffffff-18446744073709551615') {
            my $stream = $anna->listen('events?topic=foreign', last => $id);
            my @events = $stream->next_events(4);
            is($events[0] && $events[0]->type . ' ' . $events[0]->data, 'gap {"reason":"unknown-id"}', "SP-43: $id is told");
            data_is([@events[1 .. 3]], [1 .. 3], 'and everything that is left given');
            like($events[0] && $events[0]->id, qr/^[0-9a-f]+-\d+$/, 'the gap has an id');
            $stream->disconnect;
        }
    };

    subtest 'what is gone is told' => sub {
        my $last = $place->published('few/x', 'known');
        $place->published('few/x', "$_") for 1 .. 9;
        my $stream = $anna->listen('events?topic=few/x', last => $last);
        my @events = $stream->next_events(6);
        is($events[0] && $events[0]->type . ' ' . $events[0]->data . ' ' . $events[0]->id, "gap {\"reason\":\"evicted\"} $last", 'a gap, where the stream stands');
        data_is([@events[1 .. 5]], [5 .. 9], 'and what is left');
        is_quiet($stream, 'once');
        $stream->disconnect;
        $stream = $anna->listen('events?topic=few/x', last => $events[1]->id);
        data_is([$stream->next_events(4)], [6 .. 9], 'who missed nothing that is gone is told of no gap');
        $stream->disconnect;
    };

    subtest 'a silent stream is told where it stands' => sub {
        for my $way (ways()) {
            my $stream = begun("events?topic=silent&key=mine&short=1$how{$way}");
            my $from = $stream->last_id;
            my $id;
            $id = $place->published('silent', "$_", key => 'other') for 1 .. 3;
            ok($stream->until_true(3, sub { $stream->last_id eq $id }), "$way: by an id without an event") or diag($stream->last_id . " for $id");
            isnt($from, $id, "$way: which is another");
            like($stream->raw, qr/^:\nid: \Q$id\E\n\n/m, "$way: in a comment");
            is(scalar($stream->seen), 0, "$way: which dispatches nothing");
            my $times = () = $stream->raw =~ /^id: \Q$id\E$/mg;
            ok($stream->wait_raw(qr/^id: \Q$id\E\n\n(?:: ?\n\n){2}/m, 3), "$way: then keep-alives are bare again");
            is($times, 1, "$way: it is told once");
            $stream->disconnect;
        }
        my $stream = begun('events?topic=silent&key=mine&named=1');
        my $id = $place->published('silent', 'x', key => 'other');
        ok($stream->wait_raw(qr/^id: \Q$id\E\n/m, 3) && $stream->raw =~ /^event: connection\n/m, 'with keep-alives that are events, too');
        $stream->disconnect;
    };

    # 160 messages of 50 KB to a stream that reads nothing, of which the topic keeps five. Its socket takes little: the kernel's own idea
    # of how much may be on the way (megabytes) would decide whether it is slow at all.
    sub flood
    {
        my ($query) = @_;
        my $stream = begun("events?topic=few/flood$query");
        setsockopt $stream->socket, SOL_SOCKET, SO_RCVBUF, pack 'i', 32768 or die "setsockopt: $!";
        my @ids = map { $place->published('few/flood', $_ . '.' . 'x' x 50_000) } 1 .. 160;
        return ($stream, @ids);
    }

    for my $way (ways()) {
        subtest "clients that do not read: $way" => sub {
            my ($stream, @ids) = flood("&skip=1$how{$way}");
            my @events;
            while (!@events || $events[-1]->id ne $ids[-1]) {
                push @events, $stream->wait_event(deadline => 10) // last;
            }
            is($events[-1] && $events[-1]->id, $ids[-1], 'skip: it reads up to the last');
            my @gaps = grep { $_->type eq 'gap' } @events;
            ok(@gaps >= 1 && !grep({ $_->data ne '{"reason":"slow"}' } @gaps), 'skip: and is told of a gap (' . @gaps . ')');
            my @numbers = map { $_->data =~ /^(\d+)\./ } grep { $_->type ne 'gap' } @events;
            is_deeply(\@numbers, [sort { $a <=> $b } keys %{ { map { $_ => 1 } @numbers } }], 'skip: what comes comes in order, once');
            my ($last, @silent) = (0);
            for (@events) {
                if ($_->type eq 'gap') {
                    $last = undef;
                    next;
                }
                my ($n) = $_->data =~ /^(\d+)\./;
                push @silent, "$last-$n" if defined $last && $n != $last + 1;
                $last = $n;
            }
            is_deeply(\@silent, [], 'skip: nothing is missing without a gap');
            my $id = $place->published('few/flood', 'after');
            is($stream->wait_event->id, $id, 'skip: then it is live again');
            $stream->disconnect;

            ($stream, @ids) = flood($how{$way});
            ok($stream->closed_within(10) && $stream->ended_well, 'close: the stream ends well');
            is(scalar($stream->seen('gap')), 0, 'close: without a gap');
            my ($known) = $stream->last_id;
            my $back = $anna->listen("events?topic=few/flood$how{$way}", last => $known);
            @events = $back->next_events(6);
            is($events[0] && $events[0]->type, 'gap', 'close: the gap comes with the next stream');
            is($events[-1] && $events[-1]->id, $ids[-1], 'close: and what is left');
            $back->disconnect;
        };
    }

    subtest 'a client that does not read for a while, with a topic that keeps all' => sub {
        for my $way (ways()) {
            my $stream = begun("events?topic=kept/$way$how{$way}");
            my $fast = begun("events?topic=kept/$way");
            my $n = 90;
            $place->published("kept/$way", "$_." . 'x' x 50_000) for 1 .. $n;
            my @quick = $fast->next_events($n, 10);
            is(scalar @quick, $n, "$way: others are not kept waiting");
            my @got = $stream->next_events($n, 10);
            is_deeply([map { $_->data =~ /^(\d+)\./ } @got], [1 .. $n], "$way: it hears all, in order, once");
            $place->published("kept/$way", 'live');
            data_is([$stream->next_events(1)], ['live'], "$way: and is live again");
            $_->disconnect for $stream, $fast;
        }
    };

    subtest 'HTTP/2' => sub {
        require QueueTasks::Curl;
        plan skip_all => 'curl knows no HTTP/2' unless qx(curl --version 2>/dev/null) =~ /HTTP2/;
        my $stream = QueueTasks::Curl->open(user => 'anna', port => $server->port, path => '/q/api/events', query => 'topic=h2', curl => ['--http2-prior-knowledge']);
        ok($stream->wait_text(qr/^event: synchronizing\n/m, 5), 'a stream begins');
        my @ids = map { $place->published('h2', "$_") } 1 .. 20;
        my $want = join '', map { "id: $ids[$_ - 1]\ndata: $_\n\n" } 1 .. 20;
        ok($stream->wait_text(qr/\Q$want\E/, 5), 'and hears everything in order') or diag($stream->text);
        $stream->leave;
    };

    subtest 'streams that leave leave nothing behind' => sub {
        my $until = now() + 10;
        my $left;
        do {
            $left = $place->internal('GET', 'topics')->result;
            $left = ref $left eq 'HASH' ? $left->{topics} : $left;
            $left = grep { $_->{listeners} } @$left;
            select undef, undef, undef, 0.05 if $left;
        } while ($left && now() < $until);
        is($left, 0, 'no topic has a listener any more');
    };

    subtest 'a graceful restart' => sub {
        my %streams = map { $_ => begun("events?topic=restart$how{$_}") } ways();
        $place->published('restart', 'before');
        ok($server->graceful(20), 'is over');
        for my $way (ways()) {
            ok($streams{$way}->closed_within(10), "$way: ends the stream");
            my @events = $streams{$way}->next_events(1);
            data_is(\@events, ['before'], "$way: which had heard everything");
            my $back = $anna->listen("events?topic=restart$how{$way}", last => $streams{$way}->last_id);
            $place->published('restart', "after $way");
            my @heard = grep { $_->data eq "after $way" } $back->next_events(1 + keys %how, 1);
            is(scalar @heard, 1, "$way: who comes back goes on where he was");
            $back->disconnect;
        }
    };

    $place->check_ok;
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
}

subtest 'event MPM' => sub { everything([threads => 12], detached => '', suspended => '&detach=0') };
subtest 'worker MPM' => sub { everything([mpm => 'worker', threads => 40], blocking => '') };
done_testing();
