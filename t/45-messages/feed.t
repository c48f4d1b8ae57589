# The administrator's feed of what happens, the list of topics, and the figures.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Stream ();

my $place = place();

sub feed
{
    my (%opt) = @_;
    return QueueTasks::Stream->open(server()->port, $place->path . '/internal/feed', headers => { defined $opt{last} ? ('Last-Event-ID' => $opt{last}) : () });
}

# The next event of the feed about somebody or something: type and the members that are asked for.
sub told
{
    my ($stream, $type, $name, $id, $member) = @_;
    my $event = $stream->wait_event(deadline => 5, where => sub { $_[0]->type eq $type && ($_[0]->json->{$name} // '') eq $id });
    return $event ? $event->json->{$member} : 'nothing';
}

subtest 'X-10: what happens to tasks, operators and users' => sub {
    my $feed = feed();
    is($feed->status, 200, 'a stream');
    is($feed->header('Content-Type'), 'text/event-stream; charset=utf-8', 'of events');
    is($feed->wait_event(deadline => 5)->type, 'synchronizing', 'with its place first');
    my $anna = $place->op('anna');
    my $stream = $anna->stream;
    is(told($feed, 'user', 'userId', 'anna', 'status'), 'connected', 'NT-60: a user has come');
    is(told($feed, 'operator', 'operatorId', 'anna', 'status'), 'free', 'and is an operator') or diag($feed->raw);
    my $id = $place->added(taskId => fresh_id());
    my %seen;
    $anna->assign($id);
    $anna->complete($id);
    $seen{ told($feed, 'task', 'taskId', $id, 'state') } = 1 for 1 .. 4;
    ok($seen{offered} && $seen{assigned} && $seen{done}, 'a task\'s way') or diag(join(' ', sort keys %seen) . "\n" . $feed->raw);
    like($feed->last_id, qr/^[0-9a-f]+-\d+$/, 'with ids');
    my $last = $feed->last_id;
    $feed->disconnect;
    $anna->exit;
    my $late = $place->added(taskId => fresh_id(), labels => ['nobody']);
    my $again = feed(last => $last);
    is(told($again, 'task', 'taskId', $late, 'state'), 'ready', 'what was missed is replayed') or diag($again->raw);
    ok(!(grep { $_->type eq 'synchronizing' } @{ $again->{passed} || [] }), 'and it does not begin anew');
    is(told($again, 'user', 'userId', 'anna', 'status'), 'disconnected', 'a user has gone, after the grace');
};

subtest 'the feed is the administrator\'s' => sub {
    is_bad($place->op('anna')->get('feed'), 404, 4, 'no section admin, no feed');
    my $ticket = $place->op('anna')->post('tickets')->result->{ticket};
    is(server()->port && $place->internal('HEAD', "feed?ticket=$ticket")->status, 200, 'a ticket does nothing there');
    my $stream = QueueTasks::Stream->open(server()->port, $place->path . "/api/events?topic=t&ticket=$ticket");
    is($stream->status, 200, 'and is not used up');
    is_bad(place('guarded')->internal('GET', "feed?ticket=" . $place->op('anna')->post('tickets')->result->{ticket}), 401, 3, 'nor does it open a guarded one');
};

subtest 'GET topics' => sub {
    my $stream = $place->op('anna')->listen('events?topic=list/a&topic=list/b');
    my $first = $place->published('list/a', 'x', key => 'k');
    my $last = $place->published('list/a', 'y');
    $place->published('list/c', 'z');
    my %topics = map { $_->{topic} => $_ } @{ $place->internal('GET', 'topics')->result };
    is_deeply($topics{'list/a'}, { topic => 'list/a', messages => 2, listeners => 1, lastId => $last }, 'figures of a topic');
    is_deeply($topics{'list/b'}, { topic => 'list/b', messages => 0, listeners => 1, lastId => undef }, 'of one that has had none');
    is($topics{'list/c'}{listeners}, 0, 'and of one that nobody hears');
    my (@names, $after);
    for (1 .. 100) {
        my $page = $place->internal('GET', 'topics?limit=2' . (defined $after ? '&after=' . uri($after) : ''))->result;
        last unless @$page;
        push @names, map { $_->{topic} } @$page;
        $after = $names[-1];
    }
    is_deeply([sort @names], [sort keys %topics], 'page by page, all of them once');
    is_bad($place->internal('GET', "topics?$_"), 400, 1, "?$_: 400/1") for 'limit=0', 'limit=-1', 'limit=10001', 'after=', 'after=a//b';
    is_good($place->internal('GET', 'topics?after=gone'), 200, 'after one that is gone it goes on');
    $stream->disconnect;
    ok($place->wait_entry('topics', sub { $_[0]{topic} eq 'list/a' && $_[0]{listeners} == 0 }), 'listeners go');
};

subtest 'GET stats' => sub {
    my $before = $place->internal('GET', 'stats')->result;
    like($before->{$_}, qr/^\d+$/, $_) for qw(topics messages users online queues queued);
    like($before->{totals}{$_}, qr/^\d+$/, "totals: $_") for qw(published merged notified pushed read);
    my $stream = $place->op('stats')->listen('notifications');
    $place->published('stats', 'x');
    $place->notify('stats', 'x');
    $place->push_to('stats', [1, 2]);
    my $after = $place->internal('GET', 'stats')->result;
    my %more = map { $_ => $after->{$_} - $before->{$_} } qw(topics messages users online queues queued);
    # Mailboxes, broadcasts and the feed are topics of the zone's own.
    ok(delete $more{topics} >= 1 && delete $more{messages} >= 2, 'topics, and messages in them and in mailboxes');
    ok($after->{online} >= 1 && delete $more{online} <= 1, 'who is there: others may have gone meanwhile');
    is_deeply(\%more, { users => 1, queues => 1, queued => 2 }, 'what else is there') or diag(explain(\%more));
    %more = map { $_ => $after->{totals}{$_} - $before->{totals}{$_} } qw(published notified pushed);
    is_deeply(\%more, { published => 1, notified => 1, pushed => 2 }, 'what has been');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone feed 4m
QueueTasksTopics **
[guarded]
QueueTasksZone feed 4m
internal: AuthType Basic
internal: AuthName guarded
internal: AuthUserFile /dev/null
internal: Require valid-user
