# What was missed: Last-Event-ID over header and query, delivery by the topic's rules, filters on resends, gaps.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $anna = $place->op('anna');

# The data of all events that come before a mark that is published now; keep-alives left out.
sub told_until_now
{
    my ($stream, $topic) = @_;
    my $mark = 'mark-' . fresh_id();
    $place->published($topic, $mark, key => 'mark');
    my @told;
    while (my $event = $stream->wait_event(deadline => 5)) {
        return @told if $event->data eq $mark;
        push @told, $event->type eq 'message' ? $event->data : $event->type;
    }
    return (@told, 'and no end');
}

# The id that a stream of a first connect is given.
sub now_id
{
    my ($topic) = @_;
    my $stream = $anna->listen("events?topic=$topic");
    my $event = $stream->wait_event(type => 'synchronizing', deadline => 5);
    $stream->disconnect;
    return $event->id;
}

subtest 'SP-9, A-33: delivery' => sub {
    for my $case (['all', [qw(a1 b1 a2 plain b2)]], ['last', [qw(a2 plain b2)]], ['none', []]) {
        my ($rule, $want) = @$case;
        my $topic = "missed/$rule";
        my $id = now_id($topic);
        $place->published($topic, @$_) for ['a1', key => 'a'], ['b1', key => 'b'], ['a2', key => 'a'], ['plain'], ['b2', key => 'b'];
        my $stream = $anna->listen("events?topic=$topic", last => $id);
        my @told = told_until_now($stream, $topic);
        is_deeply(\@told, $want, "delivery=$rule") or diag("@told");
    }
};

subtest 'X-9, SP-11, SP-48, A-31: header and query' => sub {
    my $id = now_id('missed/all/ids');
    my @ids = map { $place->published('missed/all/ids', $_) } qw(one two three);
    my $stream = $anna->listen('events?topic=missed/all/ids', last => $ids[0]);
    is_deeply([told_until_now($stream, 'missed/all/ids')], [qw(two three)], 'the header');
    $stream = $anna->listen("events?topic=missed/all/ids&lastEventId=$ids[1]");
    is_deeply([grep { !/^mark/ } told_until_now($stream, 'missed/all/ids')], ['three'], 'the query');
    $stream = $anna->listen("events?topic=missed/all/ids&lastEventId=$id", last => $ids[2]);
    my @told = told_until_now($stream, 'missed/all/ids');
    ok(!(grep { /^(?:one|two|three)$/ } @told), 'the header beats the query');
    is($stream->wait_event(deadline => 0.1), undef, 'and nothing comes twice');
};

subtest 'SP-42, SP-43, X-12: ids that are none of ours' => sub {
    $place->published('missed/all/foreign', $_) for 1 .. 3;
    for my $bad ('1', 'abc', '-', '0-0', 'ffffffffff-999999', '99999999999999999999999-1', "\xc3\xa9", 'null') {
        my $stream = $anna->listen('events?topic=missed/all/foreign', last => $bad);
        is($stream->status, 200, 'Last-Event-ID: ' . uri($bad));
        my @told = grep { /^\d$/ } told_until_now($stream, 'missed/all/foreign');
        is("@told", '1 2 3', 'means behind: what is kept comes');
        $stream->disconnect;
    }
    my ($epoch) = now_id('missed/all/foreign') =~ /^(.*)-/;
    my $stream = $anna->listen("events?topic=missed/all/foreign&lastEventId=$epoch-99999999");
    my @told = grep { /^\d$/ } told_until_now($stream, 'missed/all/foreign');
    is("@told", '1 2 3', 'an id that was never given, too');
};

subtest 'SP-40, SP-41: keys on resends' => sub {
    my $topic = 'missed/last/keys';
    my $id = now_id($topic);
    $place->published($topic, @$_) for ['a1', key => 'a'], ['secret', key => 'b'], ['all'], ['a2', key => 'a'], ['secret2', key => 'b'];
    my $stream = $anna->listen("events?topic=$topic&key=a&key=mark", last => $id);
    is_deeply([told_until_now($stream, $topic)], [qw(all a2)], 'only what the filter lets through, the last of each');
    unlike($stream->raw, qr/secret/, 'SP-40: not a byte of a foreign key');
};

subtest 'several topics, one id' => sub {
    my $id = now_id('missed/all/x');
    $place->published(@$_) for ['missed/all/x', 'x1'], ['missed/last/y', 'y1'], ['missed/all/x', 'x2'], ['missed/last/y', 'y2'], ['missed/none/z', 'z'];
    my $stream = $anna->listen('events?topic=missed/all/x&topic=missed/last/y&topic=missed/none/z', last => $id);
    my @told = told_until_now($stream, 'missed/all/x');
    is_deeply(\@told, [qw(x1 x2 y2)], 'all topics go on from it, in the order of the sequence') or diag("@told");
};

subtest 'SP-7: a first connect is told no past' => sub {
    $place->published('missed/all/past', 'old');
    my $stream = $anna->listen('events?topic=missed/all/past');
    is_deeply([told_until_now($stream, 'missed/all/past')], ['synchronizing'], 'but where it stands');
};

subtest 'gap: what is no longer kept is said to be missing' => sub {
    my $topic = 'missed/short';
    my $id = now_id($topic);
    $place->published($topic, $_) for 1 .. 9;
    my $stream = $anna->listen("events?topic=$topic", last => $id);
    $stream->wait_raw(qr/^data: 9$/m, 5); # before the mark takes the place of another
    my @told = told_until_now($stream, $topic);
    is_deeply(\@told, [qw(gap 7 8 9)], 'a gap, then the three that are kept') or diag("@told");
    $stream = $anna->listen("events?topic=$topic", last => $place->published($topic, 'new'));
    is_deeply([told_until_now($stream, $topic)], [], 'who missed nothing is told of no gap');
};

subtest 'age: older messages are gone' => sub {
    my $id = now_id('missed/aged');
    $place->published('missed/aged', 'old');
    ok($place->wait_entry('topics?limit=1000', sub { $_[0]{topic} eq 'missed/all/x' }), 'the list of topics');
    my $until = now() + 10;
    my $kept = sub { (grep { $_->{topic} eq 'missed/aged' && $_->{messages} } @{ $place->internal('GET', 'topics')->result }) ? 1 : 0 };
    ok($kept->(), 'a message is kept');
    select undef, undef, undef, 0.05 while $kept->() && now() < $until;
    is($kept->(), 0, 'and dropped when it is old');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone missed 8m
QueueTasksTopics **
server: QueueTasksTopic missed/all** delivery=all
server: QueueTasksTopic missed/none** delivery=none
server: QueueTasksTopic missed/short retain=3 delivery=all
server: QueueTasksTopic missed/aged age=500ms
