# Tickets: one use, thirty seconds, in place of the caller's identification; never in a log in full; and QueueTasksStreamOrigin, which sends one along.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Curl;

my $server = QueueTasks::Server->start(conf => sub {
    my ($self) = @_;
    my $root = $self->root;
    open my $out, '>', "$root/users" or die $!;
    print $out "eva:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=\n"; # pass
    close $out;
    $self->{plain} = QueueTasks::Server::free_port();
    return <<"CONF";
Protocols h2c http/1.1
QueueTasksUser "%{req:X-User}"
QueueTasksLabels "%{req:X-Labels}"
QueueTasksZone tickets 1m
QueueTasksReconnectGrace 1s
QueueTasksRetry 100ms
QueueTasksMaxStreamsPerUser 2
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/subscribe/api">
    SetHandler queuetasks
    QueueTasksServe subscribe
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
<Location "/locked/api">
    SetHandler queuetasks
    QueueTasksServe operator
    QueueTasksUser "%{REMOTE_USER}"
    AuthType Basic
    AuthName tasks
    AuthUserFile $root/users
    Require valid-user
</Location>
<Location "/foreign/api">
    SetHandler queuetasks
    QueueTasksServe operator
    QueueTasksZone tickets-foreign 1m
</Location>
<Location "/moved/api">
    SetHandler queuetasks
    QueueTasksServe operator
    QueueTasksStreamOrigin http://127.0.0.1:$self->{plain}/
</Location>
Listen 127.0.0.1:$self->{plain}
<VirtualHost 127.0.0.1:$self->{plain}>
    Protocols http/1.1
    CustomLog $root/logs/plain_log "%r %q %U"
    <Location "/moved/api">
        SetHandler queuetasks
        QueueTasksServe operator
        AuthType Basic
        AuthName tasks
        AuthUserFile $root/users
        Require valid-user
    </Location>
</VirtualHost>
CONF
});
my $place = place(undef, server => $server, path => '/q');
my $nobody = $place->op(undef);

# A fresh ticket of a user.
sub ticket
{
    my ($user, %opt) = @_;
    return $place->op($user, %opt)->post('tickets')->result->{ticket};
}

sub logs
{
    local (@ARGV, $/) = grep { -f } map { $server->root . "/logs/$_" } qw(access_log error_log plain_log);
    return join '', <>;
}

subtest 'given' => sub {
    my $answer = $place->op('anna')->post('tickets');
    is_good($answer, 200, 'POST tickets');
    is_deeply([sort keys %{ $answer->result }], ['expiresIn', 'ticket'], 'a ticket and its time');
    is($answer->result->{expiresIn}, 30, 'thirty seconds');
    like($answer->result->{ticket}, qr/^[0-9a-f]{32}$/, '128 bits, fit for a URL');
    isnt(ticket('anna'), $answer->result->{ticket}, 'no two are alike');
    is($answer->header('Cache-Control'), 'no-store', 'kept by nobody');
    is_bad($nobody->post('tickets'), 401, 3, 'nobody gets none');
    is_bad($place->op('anna')->get('tickets'), 405, 5, 'GET: 405');
    is_good(place(undef, server => $server, path => '/subscribe')->op('anna')->post('tickets'), 200, 'the subscribe section gives them, too');
    is_bad($place->internal('POST', 'tickets'), 404, 4, 'others do not');
};

subtest 'in place of the identification, once' => sub {
    my $ticket = ticket('anna', labels => 'de,fr');
    my $head = $nobody->call('HEAD', "wait-sse?ticket=$ticket");
    is($head->status, 200, 'HEAD tries it, and uses it not');
    my $stream = $nobody->stream(query => "turn=persistent&ticket=$ticket");
    is($stream->status, 200, 'the stream opens');
    is_deeply($place->operator('anna')->{labels}, ['de', 'fr'], 'as her, with her labels');
    my $again = $nobody->get("wait-sse?ticket=$ticket");
    is_bad($again, 401, 3, 'not twice');
    my $own = $place->op('boris')->stream(query => "ticket=$ticket");
    ok($own->status == 200 && $place->operator('boris'), 'who is somebody himself does not need it');
    is_bad($nobody->get("wait-sse?ticket=$_"), 401, 3, "'$_' is none") for '', 'x', 'a' x 32, $ticket . '0', '%61' . 'a' x 31;
    $place->op($_)->exit for qw(anna boris);
};

subtest 'for streams of its zone alone' => sub {
    my $ticket = ticket('clara');
    is_bad($nobody->get("my-tasks?ticket=$ticket"), 401, 3, 'not for other endpoints');
    is_bad($nobody->post("pause?ticket=$ticket"), 401, 3, 'nor verbs');
    my $foreign = place(undef, server => $server, path => '/foreign');
    is_bad($foreign->op(undef)->get("wait-sse?ticket=$ticket"), 401, 3, 'nor in another zone');
    is($nobody->stream(query => "ticket=$ticket")->status, 200, 'it is still good');
    $place->op('clara')->exit;
};

subtest 'where httpd itself asks who it is' => sub {
    my $locked = place(undef, server => $server, path => '/locked');
    is_bad($locked->op(undef)->get('wait-sse'), 401, 3, 'nobody: 401');
    my $ticket = ticket('diana');
    my $stream = $locked->op(undef)->stream(query => "ticket=$ticket");
    is($stream->status, 200, 'with a ticket: 200');
    ok($place->operator('diana'), 'as the one to whom it was given');
    is_bad($locked->op(undef)->get("wait-sse?ticket=$ticket"), 401, 3, 'once');
    is_bad($locked->op(undef)->get('my-tasks?ticket=' . ticket('diana')), 401, 3, 'for streams');
    $place->op('diana')->exit;
};

subtest 'from a page of another origin' => sub {
    my %foreign = (Origin => 'https://elsewhere.example', 'Sec-Fetch-Site' => 'cross-site');
    is_bad($place->op('fritz')->get('wait-sse', headers => \%foreign), 403, 3, 'a foreign page may not');
    is($nobody->stream(query => 'ticket=' . ticket('fritz'), headers => \%foreign)->status, 200, 'with a ticket it may');
    $place->op('fritz')->exit;
};

subtest 'a stream that can not be had now does not use it up' => sub {
    my @tabs = map { $place->op('gerda')->stream } 1, 2;
    my $ticket = ticket('gerda');
    ok($nobody->stream(query => "ticket=$ticket")->wait_event(type => 'busy'), 'busy');
    $tabs[0]->disconnect;
    my $stream;
    my $until = now() + 5;
    do { $stream = $nobody->stream(query => "ticket=$ticket") } until !$stream->is_busy || now() > $until;
    unlike($stream->raw, qr/busy/, 'it is good for the next try');
    $place->op('gerda')->exit;
};

subtest 'two at the same time' => sub {
    for my $round (1 .. 10) {
        my $ticket = ticket("twin$round");
        my @both = map { QueueTasks::Stream->start($server->port, "/q/api/wait-sse?ticket=$ticket") } 1, 2;
        $_->wait_head for @both;
        is_deeply([sort map { $_->status } @both], [200, 401], 'one of them opens');
        $place->op("twin$round")->exit;
    }
};

subtest 'QueueTasksStreamOrigin' => sub {
    my $base = "http://127.0.0.1:$server->{plain}";
    my %how = (user => 'hans', port => $server->port, path => '/moved/api/wait-sse', query => 'turn=persistent&ticket=' . '0' x 32);
    my $first = QueueTasks::Curl->open(%how, curl => ['--http2-prior-knowledge']);
    ok($first->over_within(5), 'over HTTP/2 it is answered');
    like($first->head, qr{^HTTP/2 307}, 'by 307');
    my ($to) = $first->head =~ /^location: (\S+)\r$/mi;
    like($to, qr{^\Q$base\E/moved/api/wait-sse\?turn=persistent&ticket=[0-9a-f]{32}$}, 'to the same path there, with a ticket');
    unlike($to, qr/0{32}/, 'of its own');
    like($first->head, qr/^cache-control: no-store\r$/mi, 'that is kept by nobody');
    my $stream = QueueTasks::Curl->open(base => '', path => $to);
    ok($stream->wait_text(qr/^:/m, 5), 'there the stream opens, without a name or password');
    ok($place->wait_operator('hans', 'free'), 'and he waits');
    my $id = $place->added(taskId => fresh_id());
    ok($stream->wait_text(qr/"taskId":"\Q$id\E"/, 5), 'for tasks');
    $place->withdraw($id);
    $place->op('hans')->exit;
    ok($stream->over_within(5), 'and it ends');
    my $plain = place(undef, server => $server, path => '/moved')->op('hilde')->stream;
    is($plain->status, 200, 'over HTTP/1.1 it is served where it was asked for');
    $place->op('hilde')->exit;
};

subtest 'never in a log' => sub {
    my $ticket = ticket('ida');
    my $stream = $nobody->stream(query => "a=1&ticket=$ticket&b=2");
    $stream->disconnect;
    $nobody->get("wait-sse?ticket=$ticket");
    my $shown = substr $ticket, 0, 4;
    ok($server->wait_for(5, sub { my $n = () = logs() =~ /wait-sse\?(?:a=1&)?ticket=$shown\*{28}(?:&b=2)? HTTP/g; $n == 2 }), 'the access log shows its first digits');
    unlike(logs(), qr/\Q$ticket\E/, 'and no log the whole');
    unlike(logs(), qr/ticket=[0-9a-f]{5}/, 'of any');
};

$place->check_ok;
ok($server->stop(15), 'the server stops');
is_error_free($server, 'its log is clean');
done_testing();
