# What a Location serves: the sections it names, under the zone it names, with settings that merge inwards.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(request basic);

my $file;
my $server = QueueTasks::Server->start(conf => sub {
    my ($self) = @_;
    $file = $self->root . '/users';
    open my $out, '>', $file or die $!;
    # The password is "demo".
    print $out "anna:", crypt('demo', '$5$queuetasks$'), "\n";
    close $out;
    return <<"CONF";
QueueTasksZone outer 1m
QueueTasksUser "%{req:X-User}"
QueueTasksRetry 7s
<Location "/plain">
    SetHandler queuetasks
</Location>
<Location "/back">
    SetHandler queuetasks
    QueueTasksServe publish
</Location>
<Location "/admin">
    SetHandler queuetasks
    QueueTasksServe admin
</Location>
<Location "/other">
    SetHandler queuetasks
    QueueTasksServe operator publish
    QueueTasksZone inner 1m
    QueueTasksRetry 8s
</Location>
<Location "/other/deep">
    QueueTasksRetry 9s
</Location>
<Location "/none">
    QueueTasksServe operator
</Location>
<Location "/private">
    SetHandler queuetasks
    QueueTasksServe operator
    QueueTasksUser "%{REMOTE_USER}"
    AuthType Basic
    AuthName private
    AuthUserFile "$file"
    Require valid-user
</Location>
<Location "/walled">
    SetHandler queuetasks
    QueueTasksServe publish
    Require all denied
</Location>
Listen 127.0.0.1:@{[ $self->{second} = QueueTasks::Server::free_port() ]}
<VirtualHost 127.0.0.1:$self->{second}>
    QueueTasksRetry 6s
    <Location "/plain">
        SetHandler queuetasks
    </Location>
</VirtualHost>
CONF
});

sub at { my ($path, $port) = @_; my $place = place(undef, server => $server, path => $path); return $place }
sub ask { my ($method, $path, %opt) = @_; return request($opt{port} // $server->port, $method, $path, headers => { 'X-User' => 'anna', %{ $opt{headers} || {} } }, exists $opt{json} ? (json => $opt{json}) : ()) }
sub stream { my ($path, %opt) = @_; return QueueTasks::Stream->open($opt{port} // $server->port, $path, headers => { 'X-User' => $opt{user} // 'anna', %{ $opt{headers} || {} } }) }

subtest 'sections' => sub {
    is_good(ask('GET', '/plain/queue-operators'), 200, 'the default serves operators');
    is_bad(ask('POST', '/plain/tasks', json => {}), 404, 4, 'but lets nobody add');
    is_bad(ask('GET', '/plain/stats'), 404, 4, 'nor look behind');
    is_good(ask('POST', '/back/tasks', json => {}), 201, 'publish lets add');
    is_bad(ask('GET', '/back/queue-operators'), 404, 4, 'and serves no operators');
    is_bad(ask('GET', '/back/stats'), 404, 4, 'nor the admin');
    is_good(ask('GET', '/admin/stats'), 200, 'admin');
    is_bad(ask('POST', '/admin/tasks', json => {}), 405, 5, 'adds nothing');
    is(ask('GET', '/none/queue-operators')->status, 404, 'without SetHandler nothing is served');
    is(ask('POST', '/walled/tasks', json => {})->status, 403, "httpd's own Require guards");
    is_bad(ask('POST', '/walled/tasks', json => {}), 403, 3, 'and its answer is in the envelope');
};

subtest 'zones' => sub {
    my $outer = ask('POST', '/back/tasks', json => { taskId => 'o' });
    is_good($outer, 201, 'a task in one zone');
    is_good(ask('POST', '/other/tasks', json => { taskId => 'i', priority => 3 }), 201, 'one in the other');
    is_bad(ask('GET', '/back/tasks/i'), 404, 4, 'different zones share nothing');
    is_bad(ask('GET', '/other/tasks/o'), 404, 4, 'in either direction');
    my $from_second = stream('/plain/wait-sse', port => $server->{second});
    my $event = $from_second->wait_task;
    ok($event, 'a virtual host without a zone of its own shares the outer one');
};

subtest 'merging inwards' => sub {
    my %want = ('/plain' => 7000, '/other' => 8000);
    for my $path (sort keys %want) {
        my $stream = stream("$path/wait-sse", user => 'm');
        $stream->wait_raw(qr/^:/m, 2);
        is($stream->retry, $want{$path}, "$path: $want{$path}");
    }
    my $vhost = stream('/plain/wait-sse', user => 'v', port => $server->{second});
    $vhost->wait_raw(qr/^:/m, 2);
    is($vhost->retry, 6000, 'the virtual host\'s goes before the server\'s');
};

subtest "httpd's own authentication" => sub {
    my $answer = request($server->port, 'GET', '/private/queue-operators');
    is_bad($answer, 401, 3, 'without a password 401/3');
    like($answer->header('WWW-Authenticate') // '', qr/^Basic realm="private"/, 'with the challenge');
    is_bad(request($server->port, 'GET', '/private/queue-operators', headers => { Authorization => basic('anna', 'wrong') }), 401, 3, 'a wrong one too');
    my $stream = stream('/private/wait-sse', headers => { Authorization => basic('anna', 'demo'), 'X-User' => 'boris' });
    my ($one) = grep { $_->{operatorId} eq 'anna' } @{ ask('GET', '/plain/queue-operators')->result };
    ok($one, 'REMOTE_USER is who he is');
};

ok($server->stop(15), 'the server stops with streams open');
is_error_free($server, 'and its log is clean', qr/AH01617|AH01630|AH01618|AH01797/);
done_testing();
