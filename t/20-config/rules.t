# QueueTasksTopic: every line that fits counts, the later one before the earlier one; a virtual host's lines come after the server's.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(request);

my $location = <<'CONF';
<Location "/api">
    SetHandler queuetasks
    QueueTasksServe publish subscribe admin
    QueueTasksUser "%{req:X-User}"
    QueueTasksTopics **
</Location>
CONF
my $server = QueueTasks::Server->start(conf => sub {
    my ($self) = @_;
    return <<"CONF";
QueueTasksTopic ** retain=4 delivery=all
QueueTasksTopic few/* retain=2
QueueTasksTopic few/last delivery=last
QueueTasksTopic merged coalesce=300ms merge=count
$location
Listen 127.0.0.1:@{[ $self->{second} = QueueTasks::Server::free_port() ]}
<VirtualHost 127.0.0.1:$self->{second}>
    QueueTasksTopic few/** retain=3
    QueueTasksTopic merged coalesce=0
    $location
</VirtualHost>
CONF
});

sub publish { my ($port, $topic, $data) = @_; return request($port, 'POST', "/api/topics/$topic", body => $data)->result }

# How many of ten messages are kept.
sub kept
{
    my ($port, $topic) = @_;
    publish($port, $topic, $_) for 1 .. 10;
    my ($one) = grep { $_->{topic} eq $topic } @{ request($port, 'GET', '/api/topics')->result };
    return $one->{messages};
}

is(kept($server->port, 'any'), 4, 'a line that fits all');
is(kept($server->port, 'few/a'), 2, 'a later one goes before it');
is(kept($server->port, 'few/a/b'), 4, 'where it fits');
is(kept($server->{second}, 'few/c'), 3, 'a virtual host\'s comes after the server\'s');
is(kept($server->{second}, 'other'), 4, 'which hold there, too');
is(publish($server->port, 'merged', 'x')->{coalesced} ? 1 : 0, 1, 'what is merged here');
is(publish($server->{second}, 'merged2', 'x')->{coalesced} ? 1 : 0, 0, 'is not');
ok(defined publish($server->{second}, 'merged', 'x')->{id}, 'where 0 says so');

ok($server->stop(15), 'the server stops');
is_error_free($server, 'and its log is clean');
done_testing();
