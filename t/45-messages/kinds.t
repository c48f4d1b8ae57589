# Streams of people, queues and supervisors: mailboxes and their acknowledgements, one device, the feed, readers; on every transport.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $conf = <<'CONF';
QueueTasksUser "%{req:X-User}"
QueueTasksZone kinds 16m
QueueTasksReconnectGrace 600ms
QueueTasksKeepAlive 30s
QueueTasksRetry 100ms
QueueTasksMaxBlockingStreams 60
QueueTasksMailbox 5 1h
QueueTasksTopics **
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe subscribe operator
    <If "%{QUERY_STRING} =~ /detach=0/">
        QueueTasksDetach off
    </If>
    <If "%{QUERY_STRING} =~ /alone=1/">
        QueueTasksDevices one
    </If>
    <If "%{QUERY_STRING} =~ /short=1/">
        QueueTasksKeepAlive 300ms
    </If>
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
    <If "%{QUERY_STRING} =~ /detach=0/">
        QueueTasksDetach off
    </If>
</Location>
CONF

my ($server, $place, %how);

sub ways { return sort keys %how }

sub data_is
{
    my ($stream, $wanted, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply([map { $_->data } $stream->next_events(scalar @$wanted)], $wanted, $name);
}

sub pause { select undef, undef, undef, $_[0] }

# A stream, once it is known to be there.
sub there
{
    my ($op, $what, %opt) = @_;
    my $stream = $op->listen($what, %opt);
    $stream->wait_raw(qr/^: ?\n/m) or die "no beginning of $what";
    return $stream;
}

# What a new stream of the user finds in his mailbox; it is gone before it acknowledges anything.
sub mail
{
    my ($op) = @_;
    my $stream = there($op, 'notifications');
    my @mail = map { $_->data } $stream->next_events(10, 0.2);
    $stream->disconnect;
    return \@mail;
}

sub mailbox
{
    for my $way (ways()) {
        my $bob = $place->op("bob-$way");
        my $answer = $place->notify($bob->user, 'one', type => 'ALERT');
        ok(!$answer->result->{delivered} && $answer->result->{stored}, "$way: a message for who is away is kept");
        my $stream = there($bob, "notifications?$how{$way}");
        my $event = $stream->wait_event;
        is($event && $event->raw, 'id: ' . $answer->result->{id} . "\nevent: ALERT\ndata: one\n\n", "$way: it comes first");
        $answer = $place->notify($bob->user, 'two');
        ok($answer->result->{delivered}, "$way: one for who is there is delivered");
        data_is($stream, ['two'], "$way: and comes");
        $stream->disconnect;
        is_deeply(mail($bob), ['one', 'two'], "$way: what was written to a stream that broke at once is given again");

        $stream = there($bob, "notifications?$how{$way}");
        data_is($stream, ['one', 'two'], "$way: and again");
        pause(2.2 * 0.6);
        $place->notify($bob->user, 'three');
        data_is($stream, ['three'], "$way: live");
        $stream->disconnect;
        is_deeply(mail($bob), ['three'], "$way: who was there for longer than the grace has read what he was given");

        $stream = there($bob, "notifications?$how{$way}");
        my ($three) = $stream->next_events(1);
        $stream->disconnect;
        $place->notify($bob->user, 'four');
        $stream = there($bob, "notifications?$how{$way}", last => $three->id);
        data_is($stream, ['four'], "$way: who comes back with an id has read up to it");
        $stream->disconnect;
        is_deeply(mail($bob), ['four'], "$way: it is gone for good");
        is_good($bob->call('DELETE', 'notifications/' . $place->notify($bob->user, 'five')->result->{id}), 200, "$way: DELETE reads one");
        is_deeply(mail($bob), ['four'], "$way: and it is gone");
    }
}

sub overflow
{
    my $carl = $place->op('carl');
    $place->notify('carl', "$_") for 1 .. 8;
    my $stream = there($carl, 'notifications');
    my @events = $stream->next_events(6);
    is($events[0] && $events[0]->type . $events[0]->data, 'gap{"reason":"evicted"}', 'a mailbox that ran over says so');
    is_deeply([map { $_->data } @events[1 .. $#events]], [4 .. 8], 'and has the newest');
    is_quiet($stream, 'and no more');
    $stream->disconnect;
}

sub broadcasts
{
    my %streams = map { $_ => there($place->op("dora-$_"), "notifications?$how{$_}") } ways();
    my $other = there($place->op('emil'), 'notifications');
    my $answer = $place->notify(undef, 'to all', type => 'SYSTEM');
    is_good($answer, 200, 'a message to all');
    for my $stream (values %streams, $other) {
        my ($event) = $stream->next_events(1);
        is($event && $event->raw, 'id: ' . $answer->result->{id} . "\nevent: SYSTEM\ndata: to all\n\n", 'comes');
    }
    my $last = $other->last_id;
    $other->disconnect;
    $place->notify(undef, 'missed');
    my $late = there($place->op('fritz'), 'notifications');
    is_quiet($late, 'who was not there is not given it');
    $other = there($place->op('emil'), 'notifications', last => $last);
    data_is($other, ['missed'], 'who comes back is');
    $place->notify('emil', 'for emil');
    data_is($other, ['for emil'], 'what is for one');
    for my $stream (values %streams) {
        data_is($stream, ['missed'], 'others hear theirs');
        is_quiet($stream, 'and never what is for another');
    }
    $_->disconnect for values %streams, $other, $late;
}

sub devices
{
    my %paths = (notifications => 'notifications', events => 'events?topic=a', queue => 'queues/dev/messages', operator => 'wait-sse');
    for my $way (ways()) {
        for my $what (sort keys %paths) {
            my $op = $place->op("gerd-$what-$way");
            my $path = $paths{$what} . ($paths{$what} =~ /\?/ ? '&' : '?') . "alone=1$how{$way}";
            my $old = there($op, $path);
            my $new = there($op, $path);
            my $closed = $old->wait_event(type => 'closed');
            is($closed && $closed->data, '{"reason":"replaced"}', "$way: NT-15: $what: the older stream is told");
            is($old->retry, 86400000, "$way: $what: and to stay away");
            ok($old->closed_within(5), "$way: $what: and ends");
            ok(!$new->{closed} && $new->raw !~ /replaced/, "$way: $what: the newer stays");
            $new->disconnect;
            $op->exit if $what eq 'operator'; # or he is the first to be offered what comes
        }
    }
}

sub feed
{
    for my $way (ways()) {
        my $stream = QueueTasks::Stream->open($server->port, "/q/internal/feed?$how{$way}");
        my $event = $stream->wait_event;
        is($event && $event->type, 'synchronizing', "$way: the feed begins with its place");
        my $op = $place->op("hans-$way");
        my $wait = $op->stream;
        my $id = $place->added(taskId => fresh_id());
        $wait->wait_task or die 'no task: ' . $wait->raw . $place->task($id)->body . $place->op('onlooker')->get('queue-operators')->body;
        $op->assign($id);
        $op->complete($id);
        $wait->disconnect;
        my (%seen, @steps);
        while (($seen{done} // 0) < 1 && ($event = $stream->wait_event(deadline => 5))) {
            my $json = $event->json;
            push @steps, "$json->{state} " . ($json->{operatorId} // '-') if $event->type eq 'task' && $json->{taskId} eq $id;
            push @{ $seen{keys}{ $event->type } }, join ',', sort keys %$json;
            $seen{online} = 1 if $event->type eq 'user' && $json->{userId} eq $op->user && $json->{status} eq 'connected';
            $seen{done} = 1 if "@steps" =~ /done/;
        }
        like("@steps", qr/offered \Q@{[$op->user]}\E .*assigned \Q@{[$op->user]}\E .*done/, "$way: a task's steps");
        ok($seen{online}, "$way: a user comes");
        my %keys = (task => 'operatorId,outcome,state,taskId', operator => 'operatorId,status', user => 'status,userId');
        for my $type (sort keys %keys) {
            is_deeply([grep { $_ ne $keys{$type} } @{ $seen{keys}{$type} || ['none'] }], [], "$way: events of a $type have their members");
        }
        my $last = $stream->last_id;
        $stream->disconnect;
        $id = $place->added(taskId => fresh_id());
        my $back = QueueTasks::Stream->open($server->port, "/q/internal/feed?$how{$way}", headers => { 'Last-Event-ID' => $last });
        ok($back->wait_event(where => sub { $_[0]->type eq 'task' && $_[0]->json->{taskId} eq $id }), "$way: what was missed is resent");
        $back->disconnect;
        $place->withdraw($id);
    }
}

sub readers
{
    for my $way (ways()) {
        my $ida = $place->op("ida-$way");
        my $queue = "q-$way";
        my $push = sub { my ($text) = @_; return $place->internal('POST', "queues/$queue/messages", body => $text)->result->{ids}[0] };
        my @ids = map { $push->($_) } 'one', "two\nlines";
        my $stream = there($ida, "queues/$queue/messages?$how{$way}");
        my @events = $stream->next_events(2);
        is(join('', map { $_->raw } @events), "id: $ids[0]\ndata: one\n\nid: $ids[1]\ndata: two\ndata: lines\n\n", "$way: a queue's messages, with ids and without a type");
        $push->('three');
        data_is($stream, ['three'], "$way: live");
        $stream->disconnect;
        pause(0.3); # a thread looks for its client four times a second
        my $back = there($ida, "queues/$queue/messages?$how{$way}", last => $ids[0]);
        data_is($back, ["two\nlines", 'three'], "$way: what was written to a stream that broke comes again, but for what he has");
        pause(0.7);
        $place->internal('POST', "queues/$queue/close");
        my $end = $back->wait_event;
        is($end && $end->raw, "data: ---terminate---\n\n", "$way: the terminator, without type and id");
        ok($back->closed_within(5) && $back->ended_well, "$way: then the stream ends");
    }
}

sub kick
{
    for my $way (ways()) {
        my $kim = $place->op("kim-$way");
        my @streams = map { there($kim, "$_$how{$way}") } 'notifications?', 'events?topic=a', 'queues/kick/messages?';
        is_good($place->internal('DELETE', 'users/' . $kim->user), 200, "$way: a user is sent away");
        is(scalar(grep { $_->closed_within(5) && $_->ended_well } @streams), 3, "$way: all of his streams end");
        is($kim->get('events?topic=a', headers => { Accept => 'text/event-stream' })->status, 204, "$way: and he is not let in");
    }
}

# A stream of notifications is told its place too, so that its broadcasts are not resent from the day it came.
sub silence
{
    my $other = there($place->op('max'), 'notifications');
    for my $way (ways()) {
        my $lea = $place->op("lea-$way");
        my $stream = there($lea, "notifications?short=1$how{$way}");
        ok($stream->until_true(3, sub { $stream->last_id ne '' }), "$way: a stream without any event gets an id");
        my $last = $stream->last_id;
        $stream->disconnect;
        $place->notify(undef, "while away from $way");
        my $back = there($lea, "notifications?$how{$way}", last => $last);
        data_is($back, ["while away from $way"], "$way: and is given what came after it");
        $back->disconnect;
    }
    $other->disconnect;
}

sub everything
{
    my ($size, %ways) = @_;
    $server = QueueTasks::Server->start(@$size, conf => $conf);
    $place = place(undef, server => $server, path => '/q');
    %how = %ways;
    subtest 'mailboxes' => \&mailbox;
    subtest 'a mailbox that is too small' => \&overflow;
    subtest 'broadcasts' => \&broadcasts;
    subtest 'one device' => \&devices;
    subtest 'the feed' => \&feed;
    subtest 'readers' => \&readers;
    subtest 'sent away' => \&kick;
    subtest 'silence' => \&silence;
    $place->check_ok;
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
}

subtest 'event MPM' => sub { everything([threads => 12], detached => '', suspended => '&detach=0') };
subtest 'worker MPM' => sub { everything([mpm => 'worker', threads => 40], blocking => '') };
done_testing();
