# Limits of streams: beyond them an EventSource gets a clean busy event, an API client 429 or 503.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

sub is_busy
{
    my ($stream, $name) = @_;
    is($stream->status, 200, "$name: 200, or an EventSource would give up");
    my $event = $stream->wait_event(type => 'busy');
    ok($event && length $event->data, "$name: a busy event with the reason");
    ok($stream->closed_within(5) && $stream->ended_well, "$name: and a clean end");
    ok($stream->retry, "$name: retry: says when to come back");
}

subtest 'X-11: QueueTasksMaxStreamsPerUser' => sub {
    my $place = place();
    my ($anna, $boris) = map { $place->op($_) } qw(anna boris);
    my @tabs = map { $anna->stream } 1 .. 3;
    is(scalar(grep { $_->status == 200 } @tabs), 3, 'three are allowed');
    is_busy($anna->stream, 'a fourth');
    my %retry = map { my $busy = $anna->stream; $busy->wait_event(type => 'busy'); $busy->retry => 1 } 1 .. 8;
    is_deeply([grep { $_ < 100 || $_ > 200 } keys %retry], [], 'retry: is one to two times QueueTasksRetry');
    ok(keys %retry > 1, 'and not the same for all');
    is(scalar(grep { $_->{operatorId} eq 'anna' } $place->operators), 1, 'her entry stands');
    my $other = $boris->stream;
    ok($place->wait_operator('boris', 'free'), 'another user has his own count');
    is_bad($anna->get('wait-sse', headers => { Accept => 'application/json, */*;q=0.1' }), 429, 9, 'who does not ask for an event stream: 429/9');
    $tabs[0]->disconnect;
    my $again;
    my $until = now() + 10;
    do { $again = $anna->stream } until !$again->is_busy || now() > $until;
    unlike($again->raw, qr/busy/, 'when one is gone, another may come');
    $_->exit for $anna, $boris;
};

subtest 'X-11: QueueTasksMaxStreams' => sub {
    my $place = place('few');
    my @ops = map { $place->op("op$_") } 1 .. 5;
    my @streams = map { $_->stream } @ops[0 .. 3];
    is(scalar($place->operators), 4, 'four of the zone are allowed');
    is_busy($ops[4]->stream, 'a fifth');
    is(scalar($place->operators), 4, 'and did not join');
    $_->exit for @ops;
};

done_testing();

__DATA__
QueueTasksMaxStreamsPerUser 3
[few]
QueueTasksZone limits-few 1m
QueueTasksMaxStreams 4
