# Coalescing: messages of a key within a time become one event, merged as the topic says. SP-14, SP-15, SP-31, A-35.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $anna = $place->op('anna');

sub message_of { return $_[0]->wait_event(where => sub { $_[0]->type ne 'synchronizing' }, deadline => 5) }

# Publishes all at once to a topic of its own; the data of the one event that comes.
sub merged
{
    my ($rule, $messages, $name) = @_;
    my $topic = "coalesce/$rule/" . fresh_id();
    my $stream = $anna->listen("events?topic=$topic");
    $stream->wait_event(type => 'synchronizing', deadline => 5);
    my @answers = map { $place->publish($topic, $_) } @$messages;
    is_good($answers[0], 200, "$name: taken");
    is_deeply([map { [$_->result->{id}, $_->result->{coalesced} ? 1 : 0] } @answers], [map { [undef, 1] } @answers], 'each waits, and has no id yet');
    my $event = message_of($stream);
    is($stream->wait_event(deadline => 0.7), undef, 'one event comes of them');
    return $event;
}

subtest 'SP-14: one event at the end of the time' => sub {
    my $stream = $anna->listen('events?topic=coalesce/last/time');
    $stream->wait_event(type => 'synchronizing', deadline => 5);
    my $began = now();
    $place->publish('coalesce/last/time', $_) for 1 .. 5;
    my $event = message_of($stream);
    is($event->data, 5, 'the last one');
    ok(now() - $began >= 0.45, 'not before the time is over');
    like($event->id, qr/^[0-9a-f]+-\d+$/, 'with an id of its own');
};

subtest 'A-35: merges' => sub {
    is(merged('count', ['a', 'b', 'c'], 'count')->data, '3', 'how many they were');
    is(merged('sum', ['1', '2', '39'], 'sum of numbers')->data, '42', 'added up');
    is(merged('sum', ['0.5', '0.25'], 'sum of fractions')->data, '0.75', 'with fractions');
    my $event = merged('sum', ['{"order":"A1","done":1,"failed":0}', '{"order":"A1","done":2}', '{"order":"A1","failed":1}'], 'SP-15: sum of objects');
    is_deeply($event->json, { order => 'A1', done => 3, failed => 1 }, 'SP-15: counters added up, the key stays') or diag($event->raw);
    is_deeply([sort { $a <=> $b } @{ merged('union', ['[1,2]', '[2,3]', '3', '[]'], 'union')->json }], [1, 2, 3], 'SP-31: each element once');
    is_deeply(merged('union', ['{"b":1,"a":2}', '[{"a":2,"b":1}]'], 'union of objects')->json, [{ a => 2, b => 1 }], 'equal ones are one, however written');
};

subtest 'what does not merge' => sub {
    is_bad($place->publish('coalesce/sum/bad', $_), 400, 1, "$_ does not add up") for '"1"', '[1]', 'x', '';
    is_bad($place->publish('coalesce/union/bad', '[1'), 400, 1, 'no JSON does not come together');
    is_bad($place->publish('coalesce/union/bad', '[' . join(',', 1 .. 257) . ']'), 413, 7, 'more elements than may be merged: 413/7');
    is_good($place->publish('coalesce/last/any', 'x'), 200, 'last takes anything');
};

subtest 'SP-46: each key by itself' => sub {
    my $stream = $anna->listen('events?topic=coalesce/count/keys');
    $stream->wait_event(type => 'synchronizing', deadline => 5);
    $place->publish('coalesce/count/keys', 'x', key => $_) for qw(a b a a);
    is_deeply([sort map { message_of($stream)->data } 1 .. 2], [1, 3], 'an event for each key');
};

subtest 'SP-45: the next ones merge again' => sub {
    my $stream = $anna->listen('events?topic=coalesce/count/again');
    $stream->wait_event(type => 'synchronizing', deadline => 5);
    for my $n (1 .. 3) {
        $place->publish('coalesce/count/again', 'x') for 1 .. $n;
        is(message_of($stream)->data, $n, "round $n");
    }
};

subtest 'messageId and version before merging' => sub {
    my $stream = $anna->listen('events?topic=coalesce/count/ids');
    $stream->wait_event(type => 'synchronizing', deadline => 5);
    $place->publish('coalesce/count/ids', 'x', messageId => 'one') for 1 .. 3;
    $place->publish('coalesce/count/ids', 'x', messageId => 'two');
    is(message_of($stream)->data, 2, 'a repeated message counts once');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone coalesce 8m
QueueTasksTopics **
server: QueueTasksTopic coalesce/** coalesce=500ms
server: QueueTasksTopic coalesce/count/** merge=count
server: QueueTasksTopic coalesce/sum/** merge=sum
server: QueueTasksTopic coalesce/union/** merge=union
