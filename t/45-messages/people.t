# Messages to users and to everybody: types, ids, who is told, what is kept for who is away, what is read. NT rows.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $id = qr/[0-9a-f]+-\d+/;

sub notices { my ($user, %opt) = @_; return $place->op($user)->listen('notifications' . ($opt{query} // ''), %opt) }
sub bytes { my ($text) = @_; utf8::encode($text); return $text }

# Wait until the zone knows that a user has so many streams.
sub has_streams
{
    my ($user, $n) = @_;
    return $place->wait_entry('users', sub { $_[0]{userId} eq $user && @{ $_[0]{streams} } == $n });
}

subtest 'NT-1, NT-5, NT-8, NT-9: one message to one user' => sub {
    my ($anna, $boris) = map { notices($_) } qw(anna boris);
    is($anna->status, 200, 'a stream');
    for my $type (qw(ALERT SYSTEM BUSSINESS ALARM PLATFORM HISTORY my.own_type-1)) {
        my $answer = $place->notify('anna', qq("$type for you"), type => $type);
        is_good($answer, 200, $type);
        is_deeply([map { $answer->result->{$_} ? 1 : 0 } qw(delivered stored)], [1, 1], 'delivered, and kept until it is read');
        my $event = $anna->wait_event(type => $type, deadline => 5);
        is($event && $event->raw, "id: @{[ $answer->result->{id} ]}\nevent: $type\ndata: \"$type for you\"\n\n", 'in these bytes');
    }
    unlike($boris->raw, qr/data/, 'another user hears nothing');
    is_good($place->notify('anna', 'plain'), 200, 'no type');
    is($anna->wait_event(deadline => 5)->type, 'message', 'is the default one');
};

subtest 'NT-11, NT-12, NT-30, NT-31: reconnect delay and heartbeat' => sub {
    my $stream = notices('beat');
    ok($stream->wait_raw(qr/\Aretry: 100\n/, 5), 'NT-12, NT-31: retry, as QueueTasksRetry says');
    ok($stream->wait_raw(qr/\n\n: ?\n\n: ?\n/, 5), 'NT-11, NT-30, NT-53: a heartbeat reaches it, as a comment');
    is(scalar($stream->seen), 0, 'which no listener hears');
};

subtest 'X-4, NT-73: any text' => sub {
    my $clara = notices('clara');
    for my $text ('消息', "two\nlines\r\nand three", "data: x\n\nevent: task", "NUL \0", '') {
        is_good($place->notify('clara', bytes($text), type => 'T'), 200, 'taken');
        is($clara->wait_event(type => 'T', deadline => 5)->data, bytes($text) =~ s/\r\n?/\n/gr, 'and given line by line');
    }
    is_bad($place->notify('clara', "\xff"), 400, 1, 'no UTF-8: 400/1');
    is_bad($place->notify('clara', 'x', type => 'a b'), 400, 1, 'a bad type: 400/1');
    is_bad($place->notify('clara', 'x' x 65537), 413, 7, 'too long: 413/7');
    is_bad($place->internal('POST', 'users/' . 'x' x 129 . '/messages', body => 'x'), 400, 1, 'a name too long: 400/1');
    is_bad($place->internal('GET', 'users/clara/messages'), 405, 5, 'GET: 405/5');
};

subtest 'NT-6, NT-54: everybody who is there' => sub {
    my @streams = map { notices($_) } qw(u1 u2), 'u2', 'ю3';
    my $answer = $place->notify(undef, bytes('всем'), type => 'SYSTEM');
    is_good($answer, 200, 'a broadcast');
    ok($answer->result->{delivered} && !$answer->result->{stored}, 'delivered, not stored');
    my %ids = map { my $event = $_->wait_event(type => 'SYSTEM', deadline => 5); (($event ? $event->id . ' ' . $event->data : 'nothing') => 1) } @streams;
    is_deeply([keys %ids], [$answer->result->{id} . ' ' . bytes('всем')], 'one id, one text for all streams') or diag(join ', ', keys %ids);
    $_->disconnect for @streams;
    ok($place->wait_entry('users?status=disconnected', sub { $_[0]{userId} eq 'u1' }), 'u1 has gone');
    $place->notify(undef, 'while away', type => 'SYSTEM');
    my $again = notices('u1');
    is($place->notify('u1', 'mark', type => 'MARK')->status, 200, 'a mark');
    $again->wait_event(type => 'MARK', deadline => 5);
    unlike($again->raw, qr/while away/, 'it is not kept for who was away');
    is_good($place->internal('POST', 'users/messages/messages', body => 'x'), 200, 'a user may be called "messages"');
};

subtest 'NT-17, N8-12, N8-13, A-27: nobody there' => sub {
    my $answer = $place->notify('diana', 'one', type => 'ALERT');
    is_good($answer, 200, 'to a user whom nobody has seen');
    ok(!$answer->result->{delivered}, 'not delivered');
    ok($answer->result->{stored}, 'but stored');
    $place->notify('diana', $_, type => 'ALERT') for qw(two three);
    my $diana = notices('diana');
    is_deeply([map { $diana->wait_event(type => 'ALERT', deadline => 5)->data } 1 .. 3], [qw(one two three)], 'NT-19: the mailbox first, in order');
    $place->notify('diana', 'four', type => 'ALERT');
    is($diana->wait_event(type => 'ALERT', deadline => 5)->data, 'four', 'and then what comes');
};

subtest 'a place without a mailbox' => sub {
    my $answer = place('nomail')->notify('nobody', 'x');
    is_good($answer, 200, 'taken');
    ok(!$answer->result->{delivered} && !$answer->result->{stored}, 'neither delivered nor stored');
    my $stream = place('nomail')->op('nobody')->listen('notifications');
    place('nomail')->notify('nobody', 'mark', type => 'MARK');
    $stream->wait_event(type => 'MARK', deadline => 5);
    unlike($stream->raw, qr/data: x/, 'and gone');
};

subtest 'NT-10, A-28: read, and destroyed' => sub {
    my @ids = map { $place->notify('eva', $_, type => 'ALERT')->result->{id} } qw(one two three);
    my $eva = $place->op('eva');
    is_good($eva->call('DELETE', "notifications/$ids[1]"), 200, 'DELETE');
    is_good($eva->call('DELETE', "notifications/$ids[1]"), 200, 'again: the same');
    is_good($eva->call('DELETE', 'notifications/' . uri($_)), 200, "an id that is none ($_)") for 'x', '0-0', 'ffff-1', "$ids[0]0";
    is_good($place->op('boris')->call('DELETE', "notifications/$ids[0]"), 200, "another's message: no error");
    is_bad($place->api('DELETE', "notifications/$ids[0]"), 401, 3, 'nobody: 401/3');
    my $stream = $eva->listen('notifications');
    is_deeply([map { $stream->wait_event(type => 'ALERT', deadline => 5)->data } 1 .. 2], [qw(one three)], 'it is gone, and the others are there');
};

subtest 'NT-58, X-9: a later Last-Event-ID acknowledges' => sub {
    my @ids = map { $place->notify('fred', $_, type => 'ALERT')->result->{id} } qw(one two three);
    my $stream = notices('fred', last => $ids[1]);
    is($stream->wait_event(type => 'ALERT', deadline => 5)->data, 'three', 'what comes after it is given');
    $stream->disconnect;
    $stream = notices('fred', query => "?lastEventId=$ids[0]");
    is($stream->wait_event(type => 'ALERT', deadline => 5)->data, 'three', 'what was acknowledged does not come back') or diag($stream->raw);
};

subtest 'what was written to a stream that broke is given again' => sub {
    my $stream = notices('gina');
    $place->notify('gina', 'lost?', type => 'ALERT');
    $stream->wait_event(type => 'ALERT', deadline => 5);
    $stream->disconnect;
    $stream = notices('gina');
    is(($stream->wait_event(type => 'ALERT', deadline => 5) || $stream)->{data}, 'lost?', 'to the next stream');
    my $kept = sub { my $other = notices('gina'); my $event = $other->wait_event(type => 'ALERT', deadline => 0.3); $other->disconnect; return $event ? 1 : 0 };
    my $until = now() + 10;
    select undef, undef, undef, 0.2 while $kept->() && now() < $until;
    is($kept->(), 0, 'a stream that stays up after the grace has read it');
};

subtest 'the mailbox is full' => sub {
    $place->notify('hans', $_, type => 'ALERT') for 1 .. 7;
    my $stream = notices('hans');
    my $gap = $stream->wait_event(type => 'gap', deadline => 5);
    ok($gap, 'a gap says that something is gone') or diag($stream->raw);
    is_deeply([map { $stream->wait_event(type => 'ALERT', deadline => 5)->data } 1 .. 5], [3 .. 7], 'the oldest went');
};

subtest 'NT-15, A-25, QueueTasksDevices' => sub {
    my ($first, $second) = map { notices('ida') } 1 .. 2;
    $place->notify('ida', 'both', type => 'ALERT');
    is($_->wait_event(type => 'ALERT', deadline => 5)->data, 'both', 'N8-15: many devices: each has it') for $first, $second;
    my $one = place('one')->op('ida');
    my $old = $one->listen('notifications');
    my $new = $one->listen('notifications');
    my $closed = $old->wait_event(type => 'closed', deadline => 5);
    is($closed && $closed->json->{reason}, 'replaced', 'one device: the older stream is told');
    ok($old->closed_within(5), 'NT-75: and ends');
    place('one')->notify('ida', 'here', type => 'ALERT');
    is($new->wait_event(type => 'ALERT', deadline => 5)->data, 'here', 'the newer one goes on');
    my $events = $one->listen('events?topic=t');
    ok(!$new->closed_within(0.3), 'a stream of another kind replaces nothing');
};

subtest 'N8-17: names cannot inject' => sub {
    is_bad($place->internal('POST', 'users/a%0Ab/messages', body => 'x'), 400, 1, 'a line feed in a user');
    is($place->notify('юзер 1', 'x')->status, 200, 'letters and blanks are fine');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone people 4m
QueueTasksMailbox 5 1h
QueueTasksMaxStreamsPerUser 0
[nomail]
QueueTasksMailbox 0
QueueTasksZone people-nomail 1m
[one]
QueueTasksDevices one
QueueTasksTopics **
QueueTasksZone people-one 1m
