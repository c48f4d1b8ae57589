# The same stream over every transport and behind proxies: the same bytes, each event by itself, a clean end, a client that leaves is noticed.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Curl;

my $places = <<'CONF';
QueueTasksUser "%{req:X-User}"
QueueTasksZone transports 4m
QueueTasksReconnectGrace 2s
QueueTasksKeepAlive 60s
<If "%{req:X-User} =~ /-leaves$/">
    QueueTasksKeepAlive 300ms
</If>
QueueTasksRetry 100ms
QueueTasksMaxBlockingStreams 2
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CustomLog logs/notes "%{queuetasks-transport}n %{queuetasks-user}n %{queuetasks-stream}n %>s"
CONF

# A TLS vhost that speaks HTTP/2, and proxies to ourselves.
sub everything
{
    my ($server) = @_;
    my $root = $server->root;
    $server->{$_} = QueueTasks::Server::free_port() for qw(tls proxy);
    system "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout $root/key.pem -out $root/cert.pem >/dev/null 2>&1";
    my %filtered = (
        deflate => 'DEFLATE', brotli => 'BROTLI_COMPRESS', ratelimit => 'RATE_LIMIT', substitute => 'SUBSTITUTE', buffer => 'BUFFER', include => 'INCLUDES',
    );
    my $filters = join '', map { "<Location \"/q/api/wait-sse\">\n<If \"%{QUERY_STRING} =~ /$_/\">\nSetOutputFilter $filtered{$_}\n</If>\n</Location>\n" } sort keys %filtered;
    return <<"CONF";
Protocols h2c http/1.1
$places
<Location "/q/api/wait-sse">
    SetEnv rate-limit 4000
    Substitute "s/nothing-like-it/x/n"
    Options +Includes
</Location>
$filters
<Location "/q/api/wait-sse">
    <If "%{QUERY_STRING} =~ /suspended/">
        QueueTasksDetach off
    </If>
</Location>
<If "%{QUERY_STRING} =~ /bytype/">
    AddOutputFilterByType DEFLATE text/html
</If>
<If "%{QUERY_STRING} =~ /headers/">
    Header set X-From-Module yes
</If>
Listen 127.0.0.1:$server->{tls}
<VirtualHost 127.0.0.1:$server->{tls}>
    Protocols h2 http/1.1
    SSLEngine on
    SSLCertificateFile $root/cert.pem
    SSLCertificateKeyFile $root/key.pem
</VirtualHost>
Listen 127.0.0.1:$server->{proxy}
<VirtualHost 127.0.0.1:$server->{proxy}>
    ProxyPass "/" "http://127.0.0.1:$server->{port}/"
</VirtualHost>
CONF
}

# One stream's life. how: what curl is told; want: the transport.
sub lives
{
    my ($place, $name, %how) = @_;
    my $want = delete $how{want};
    my $user = $name =~ s/\W+/-/gr;
    my $op = $place->op($user);
    my $server = $place->server;
    my $stream = QueueTasks::Curl->open(user => $user, path => '/q/api/wait-sse', port => $server->port, %how);
    ok($stream->wait_text(qr/\Aretry: 100\n/, 5) && $stream->wait_text(qr/^:/m, 5), "$name: the first bytes come at once") or diag $stream->text;
    like($stream->head, qr{^HTTP/\S+ 200}, "$name: 200");
    like($stream->head, qr{^content-type: text/event-stream; charset=utf-8\r$}mi, "$name: Content-Type");
    unlike($stream->head, qr{^(?:content-length|etag):}mi, "$name: no length, no ETag");
    $how{header} and like($stream->head, $how{header}, "$name: the head is as asked");
    apart($place, $name, $user, $stream, $how{late} // 0.18);
    is_good($op->exit, 200, "$name: exit");
    ok($stream->over_within(5), "$name: the stream ends");
    is($stream->status, 0, "$name: as HTTP wants it") if !$how{cut};
    leaves($place, $name, $user, %how);
    ok($server->wait_for(5, sub { notes($server) =~ /^\Q$want\E \Q$user\E \d+ 200$/m }), "$name: it is $want") or diag notes($server);
}

# Each of five events has come before the next is made, and nothing else is written meanwhile that could push it out. A machine that
# is busy makes some of them late, a filter or a transport that sleeps most.
sub apart
{
    my ($place, $name, $user, $stream, $most) = @_;
    my @took;
    for my $n (0 .. 4) {
        my $id = $place->added(taskId => fresh_id(), operatorId => $user);
        my $sent = now();
        ok($stream->wait_text(qr/^event: task\ndata: \{"taskId":"\Q$id\E","assigned":true,.*\}\n\n\z/m, 5), "$name: event $n, by itself") or diag $stream->text;
        push @took, now() - $sent;
    }
    my $middle = (sort { $a <=> $b } @took)[2];
    ok($middle < $most, sprintf '%s: at once (the third of five after %.0f ms)', $name, 1000 * $middle);
}

sub leaves
{
    my ($place, $name, $user, %how) = @_;
    my $other = "$user-leaves";
    my $stream = QueueTasks::Curl->open(user => $other, path => '/q/api/wait-sse', port => $place->server->port, %how);
    ok($stream->wait_text(qr/^event: connection\n/m, 5), "$name: another waits, and a keep-alive comes") or diag $stream->text;
    $stream->leave;
    ok($place->wait_operator($other, 'away', 5), "$name: and is noticed when he leaves");
    $place->op($other)->exit;
}

sub notes
{
    my ($server) = @_;
    open my $in, '<', $server->root . '/logs/notes' or return '';
    local $/;
    return <$in>;
}

sub nginx_before
{
    my ($server) = @_;
    my ($nginx) = grep { -x } '/usr/sbin/nginx', '/usr/bin/nginx', "$FindBin::Bin/../../build/nginx/usr/sbin/nginx" or return;
    my $root = $server->root . '/nginx';
    my $port = QueueTasks::Server::free_port();
    mkdir $root;
    open my $out, '>', "$root/nginx.conf" or die $!;
    print $out "pid $root/pid; error_log $root/error.log; daemon off; events {}\nhttp { access_log off; " . join(' ', map { "${_}_temp_path $root/$_;" } qw(client_body proxy fastcgi uwsgi scgi))
        . " server { listen 127.0.0.1:$port; location / { proxy_pass http://127.0.0.1:@{[$server->port]}; } } }\n";
    close $out;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDERR, '>', "$root/said";
        exec $nginx, '-p', $root, '-c', "$root/nginx.conf" or POSIX::_exit(1);
    }
    $server->wait_for(10, sub { eval { QueueTasks::Client::connect_to($port) } }) or return;
    return ($pid, $port);
}

subtest 'event' => sub {
    my $server = QueueTasks::Server->start(more => [qw(proxy proxy_http brotli ratelimit substitute buffer include)], conf => \&everything);
    my $place = place(undef, server => $server, path => '/q');
    my $tls = "https://127.0.0.1:$server->{tls}";
    lives($place, 'plain', want => 'detached', header => qr/^transfer-encoding: chunked\r$/mi);
    lives($place, 'HTTP/1.0', want => 'detached', curl => ['--http1.0'], header => qr/\A(?!.*transfer-encoding)/si);
    lives($place, 'mod_headers', want => 'detached', query => 'headers', header => qr/^x-from-module: yes\r$/mi);
    lives($place, 'a filter that steps aside', want => 'detached', query => 'bytype', curl => ['--compressed']);
    lives($place, 'suspended', want => 'suspended', query => 'suspended');
    lives($place, 'suspended HTTP/1.0', want => 'suspended', query => 'suspended', curl => ['--http1.0']);
    lives($place, 'deflate', want => 'suspended', query => 'deflate', curl => ['--compressed'], header => qr/^content-encoding: gzip\r$/mi);
    lives($place, 'brotli', want => 'suspended', query => 'brotli', curl => ['-H', 'Accept-Encoding: br', '--compressed'], header => qr/^content-encoding: br\r$/mi);
    lives($place, 'ratelimit', want => 'blocking', query => 'ratelimit', late => 0.45); # it sleeps 200 ms before it goes on
    lives($place, 'substitute', want => 'suspended', query => 'substitute');
    lives($place, 'buffer', want => 'suspended', query => 'buffer');
    lives($place, 'include', want => 'suspended', query => 'include');
    lives($place, 'TLS', want => 'suspended', base => $tls, curl => ['--http1.1']);
    lives($place, 'TLS and deflate', want => 'suspended', base => $tls, query => 'deflate', curl => ['--http1.1', '--compressed']);
    lives($place, 'h2', want => 'blocking', base => $tls, curl => ['--http2']);
    lives($place, 'h2c', want => 'blocking', curl => ['--http2-prior-knowledge']);
    lives($place, 'mod_proxy_http', want => 'detached', base => "http://127.0.0.1:$server->{proxy}");
    if (my ($pid, $port) = nginx_before($server)) {
        lives($place, 'nginx', want => 'detached', base => "http://127.0.0.1:$port");
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
    ok($server->wait_log(qr/QT00207: stream: user plain, \d+ bytes in \d+\.\d{3} s, ended/), 'the end of a detached stream is told');
    ok($server->wait_log(qr/QT00207: stream: user plain-leaves, \d+ bytes in \d+\.\d{3} s, client gone/), 'whoever ended it');
    $place->check_ok;
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
};

# Its process stays until the file "go" is there: so long the end of such a response takes.
sub keeper
{
    my ($server) = @_;
    my $root = $server->root;
    open my $out, '>', "$root/keeper" or die $!;
    print $out "cat\nuntil [ -e '$root/go' ]; do sleep 0.05; done\n";
    close $out;
    return $places . <<"CONF";
ExtFilterDefine keeper cmd="/bin/sh $root/keeper"
<If "%{QUERY_STRING} == 'kept'">
    SetOutputFilter keeper
</If>
<Location "/server-status">
    SetHandler server-status
</Location>
CONF
}

# The transport of a user's stream in the only child; '' when he has none.
sub carried
{
    my ($server, $user) = @_;
    my $page = QueueTasks::Client::request($server->port, 'GET', '/server-status')->body;
    return $page =~ m{<tr><td>\Q$user\E</td><td>\w+</td><td>(\w+)</td>} ? $1 : '';
}

subtest 'a filter that keeps back what is flushed' => sub {
    my $server = QueueTasks::Server->start(children => 1, threads => 8, more => ['ext_filter'], conf => \&keeper);
    my $place = place(undef, server => $server, path => '/q');
    my $stream = $place->op('anna')->stream;
    ok($stream->wait_raw(qr/^:/m, 5), 'a stream without it');
    unlike($server->log_text, qr/QT00209/, 'no warning');
    my @kept;
    # One after the other: of two processes that mod_ext_filter starts at a time one may inherit the other's pipes, which then never end.
    for my $user (qw(boris clara)) {
        push @kept, QueueTasks::Stream->start($server->port, '/q/api/wait-sse?kept', headers => { 'X-User' => $user });
        ok($server->wait_for(10, sub { carried($server, $user) eq 'blocking' }), "$user waits behind it, in a thread of his own");
    }
    ok($server->wait_log(qr/QT00209: stream: a filter of this response \(keeper is the first\)/), 'is told of');
    is(scalar(() = $server->log_text =~ /QT00209/g), 1, 'once');
    push @kept, QueueTasks::Stream->start($server->port, '/q/api/wait-sse?kept', headers => { 'X-User' => 'dora' });
    ok($place->wait_operator('dora', 'away'), 'no more than QueueTasksMaxBlockingStreams of them');
    $_->disconnect for @kept;
    ok($place->wait_operator($_, 'away', 5), "$_ is noticed when he leaves") for qw(boris clara);
    my $id = $place->added(taskId => fresh_id(), operatorId => 'anna');
    ok($stream->wait_task, 'while their responses wait for their end, other streams go on');
    open my $go, '>', $server->root . '/go' or die $!;
    $stream->disconnect;
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
};

for my $mpm (qw(worker prefork)) {
    subtest $mpm => sub {
        my $server = QueueTasks::Server->start(mpm => $mpm, children => 4, threads => 2, conf => $places);
        my $place = place(undef, server => $server, path => '/q');
        lives($place, $mpm, want => 'blocking');
        lives($place, "$mpm HTTP/1.0", want => 'blocking', curl => ['--http1.0']);
        $place->check_ok;
        ok($server->stop(15), 'the server stops');
        is_error_free($server, 'its log is clean');
    };
}

done_testing();
