# X-3: streams over TLS: every event is flushed through mod_ssl.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use IPC::Open2 qw(open2);
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(read_some);

plan skip_all => 'no openssl' if system 'command -v openssl >/dev/null 2>&1';

my $server = QueueTasks::Server->start(serves => 'operator', conf => sub {
    my ($self) = @_;
    my $root = $self->root;
    $self->{tls} = QueueTasks::Server::free_port();
    system "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout $root/key.pem -out $root/cert.pem >/dev/null 2>&1";
    return <<"CONF";
QueueTasksUser "%{req:X-User}"
QueueTasksZone tls 1m
QueueTasksKeepAlive 300ms
QueueTasksReconnectGrace 300ms
Listen 127.0.0.1:$self->{tls}
<VirtualHost 127.0.0.1:$self->{tls}>
    SSLEngine on
    SSLCertificateFile $root/cert.pem
    SSLCertificateKeyFile $root/key.pem
</VirtualHost>
CONF
});
my $place = place(undef, server => $server, path => '/q');

my $pid = open2(my $from, my $to, "exec openssl s_client -quiet -connect 127.0.0.1:$server->{tls} 2>/dev/null");
syswrite $to, "GET /q/api/wait-sse HTTP/1.1\r\nHost: localhost\r\nX-User: anna\r\nAccept: text/event-stream\r\n\r\n";
$from->blocking(0);
my $text = '';
sub comes
{
    my ($pattern, $name) = @_;
    my $until = now() + 5;
    until ($text =~ $pattern) {
        my $bytes = read_some($from, $until) // last;
        last if $bytes eq '';
        $text .= $bytes;
    }
    return like($text, $pattern, $name);
}
comes(qr{^HTTP/1\.1 200 .*\r\n\r\n.*^:}ms, 'the head and the first comment come');
comes(qr/event: connection\n/, 'a keep-alive comes');
ok($place->wait_operator('anna', 'free'), 'anna waits');
my $id = $place->added(taskId => fresh_id());
comes(qr/event: task\ndata: \{"taskId":"\Q$id\E","assigned":false,/, 'a task comes when it is added');
kill 'TERM', $pid;
waitpid $pid, 0;
$place->withdraw($id);
ok($place->wait_operator('anna', '', 5), 'a client that leaves is noticed');
$place->check_ok;
ok($server->stop(15), 'the server stops');
is_error_free($server, 'its log is clean');
done_testing();
