# Presence: who is there, since when, with which streams; and sending somebody away. NT-2 to NT-4, NT-18, NT-20, NT-59, N8-2, N8-10, X-10.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

sub user { my ($user) = @_; my $answer = $place->internal('GET', 'users/' . uri($user)); return $answer->status == 200 ? $answer->result : undef }
sub wait_user
{
    my ($user, $test) = @_;
    my $until = now() + 5;
    while (1) {
        my $is = user($user);
        return 1 if $test->($is);
        return 0 if now() > $until;
        select undef, undef, undef, 0.02;
    }
}

subtest 'NT-2, NT-18, NT-32, N8-10: one user' => sub {
    is_bad($place->internal('GET', 'users/anna'), 404, 4, 'never seen: 404/4');
    my $stream = $place->op('anna')->listen('notifications');
    my $anna = user('anna');
    is_deeply([sort keys %$anna], [qw(since status streams userId)], 'four members');
    is($anna->{userId}, 'anna', 'by name');
    is($anna->{status}, 'connected', 'N8-10: connected');
    is(scalar @{ $anna->{streams} }, 1, 'with a stream');
    like($anna->{streams}[0], qr/^\d+$/, 'which has a number');
    like($anna->{since}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'since when');
    my $other = $place->op('anna')->listen('events?topic=t');
    ok(wait_user('anna', sub { @{ $_[0]{streams} } == 2 }), 'N8-15: a second stream, of any kind');
    $stream->disconnect;
    ok(wait_user('anna', sub { @{ $_[0]{streams} } == 1 }), 'NT-33, N8-18: the one that broke goes, and is seen to at once');
    is(user('anna')->{status}, 'connected', 'and he is still there');
    $other->disconnect;
    ok(wait_user('anna', sub { @{ $_[0]{streams} } == 0 }), 'the last one broke');
    is(user('anna')->{status}, 'connected', 'the grace');
    ok(wait_user('anna', sub { $_[0] && $_[0]{status} eq 'disconnected' }), 'N8-11, N8-14: and then he is gone');
};

subtest 'a reconnect within the grace is no absence' => sub {
    my $stream = $place->op('boris')->listen('notifications');
    my $since = user('boris')->{since};
    $stream->disconnect;
    $stream = $place->op('boris')->listen('notifications');
    is(user('boris')->{since}, $since, 'since when, as before');
};

subtest 'NT-3, NT-4: lists' => sub {
    my @streams = map { $place->op($_)->listen('notifications') } qw(c1 c2), 'ц3', 'c2';
    my $all = $place->internal('GET', 'users');
    is_good($all, 200, 'all users');
    my %users = map { $_->{userId} => $_ } @{ $all->result };
    is(scalar @{ $users{c2}{streams} }, 2, 'the map: user and streams');
    ok($users{'ц3'}, 'of any letters');
    $streams[0]->disconnect;
    ok($place->wait_entry('users?status=disconnected', sub { $_[0]{userId} eq 'c1' }), 'who is gone');
    my @online = map { $_->{userId} } @{ $place->internal('GET', 'users?status=connected')->result };
    ok((grep { $_ eq 'c2' } @online) && !(grep { $_ eq 'c1' } @online), 'who is there');
    is_bad($place->internal('GET', 'users?status=free'), 400, 1, 'another status: 400/1');
};

subtest 'NT-20, NT-59, A-37: kicked' => sub {
    my @streams = map { $place->op('diana')->listen($_) } 'notifications', 'events?topic=t', 'wait-sse';
    is_good($place->internal('DELETE', 'users/diana'), 200, 'a kick');
    ok($_->closed_within(5), 'a stream ends') for @streams;
    is($_->ended_well, 1, 'as HTTP wants it') for @streams;
    for my $path ('notifications', 'events?topic=t', 'wait-sse', 'queues/q/messages') {
        my $stream = $place->op('diana')->listen($path);
        is($stream->status, 204, "X-8: $path: 204");
    }
    is($place->op('eva')->listen('notifications')->status, 200, 'another user may come');
    is_bad($place->internal('DELETE', 'users/nobody'), 404, 4, 'one whom nobody has seen: 404/4');
};

subtest 'NT-74, N8-2: kicked, but may come back' => sub {
    my $stream = $place->op('fred')->listen('notifications');
    is_bad($place->internal('DELETE', 'users/fred?reconnect=never'), 400, 1, 'another word: 400/1');
    is_good($place->internal('DELETE', 'users/fred?reconnect=allow'), 200, 'a kick');
    ok($stream->closed_within(5), 'the stream ends');
    is($place->op('fred')->listen('notifications')->status, 200, 'and the next one opens');
};

subtest 'an operator is a user, too' => sub {
    my $stream = $place->op('gina')->stream;
    is(user('gina')->{status}, 'connected', 'with a wait-sse');
    is_good($place->internal('GET', 'operators'), 200, 'the admin sees operators');
    ok((grep { $_->{operatorId} eq 'gina' && $_->{status} eq 'free' } @{ $place->internal('GET', 'operators')->result }), 'and who they are');
    is($place->internal('GET', 'operators')->body, $place->op('gina')->get('queue-operators')->body, 'as operators see them');
};

is_bad($place->api('GET', $_), 404, 4, "N8-19: no $_ without section admin") for qw(users users/anna operators topics queues feed);
$place->check_ok;
done_testing();
__DATA__
QueueTasksTopics **
QueueTasksZone presence 2m
