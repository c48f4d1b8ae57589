# X-7, QT-25: who the caller is may come from httpd's own authentication, a header, a cookie, the query or the path.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Client qw(basic request);
use QueueTasks::Test;

# One Location for each source; all in one zone, so that one list tells who came.
my $server = QueueTasks::Server->start(conf => sub {
    my $users = $_[0]->root . '/users';
    system("echo demo | htpasswd -i -B -c '$users' anna 2>/dev/null") == 0 or die "htpasswd: $?";
    return <<"CONF";
QueueTasksZone who 1m
<Location "/auth">
    SetHandler queuetasks
    AuthType Basic
    AuthName queue
    AuthUserFile $users
    Require valid-user
</Location>
<Location "/header">
    SetHandler queuetasks
    QueueTasksUser "%{req:X-User}"
</Location>
<Location "/cookie">
    SetHandler queuetasks
    SetEnvIf Cookie "(?:^|; *)operator=([^;]+)" OPERATOR=\$1
    QueueTasksUser "%{reqenv:OPERATOR}"
</Location>
<Location "/query">
    SetHandler queuetasks
    SetEnvIfExpr "%{QUERY_STRING} =~ /(?:^|&)operator=([^&]+)/" OPERATOR=\$1
    QueueTasksUser "%{reqenv:OPERATOR}"
</Location>
<LocationMatch "^/path/(?<operator>[^/]+)">
    SetHandler queuetasks
    QueueTasksUser "%{env:MATCH_OPERATOR}"
</LocationMatch>
<Location "/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF
});

sub call
{
    my ($method, $path, %headers) = @_;
    return request($server->port, $method, $path, headers => \%headers);
}

# name => [path, headers, path of nobody]
my %from = (
    'httpd itself' => ['/auth/wait-sse', { Authorization => basic('anna', 'demo') }, 'anna', '/auth/take-free'],
    'a header' => ['/header/wait-sse', { 'X-User' => 'boris' }, 'boris', '/header/take-free'],
    'a cookie' => ['/cookie/wait-sse', { Cookie => 'theme=dark; operator=clara' }, 'clara', '/cookie/take-free'],
    'the query' => ['/query/wait-sse?turn=persistent&operator=diana', {}, 'diana', '/query/take-free?operator='],
    'the path' => ['/path/eva/wait-sse', {}, 'eva', undef],
);
my @streams;
for my $source (sort keys %from) {
    my ($path, $headers, $name, $nobody) = @{ $from{$source} };
    my $stream = QueueTasks::Stream->open($server->port, $path, headers => $headers);
    is($stream->status, 200, "X-7: from $source: a stream");
    my ($one) = grep { $_->{operatorId} eq $name } @{ call('GET', '/header/queue-operators', 'X-User' => 'onlooker')->result };
    is($one && $one->{status}, 'free', "QT-25: $name waits");
    is_bad(call('POST', $nobody), 401, 3, "without it he is nobody: 401/3") if $nobody;
    push @streams, $stream;
}
is_bad(call('POST', '/auth/take-free', Authorization => basic('anna', 'wrong')), 401, 3, 'a wrong password: 401/3');
is_bad(call('POST', '/auth/take-free', 'X-User' => 'anna'), 401, 3, 'a header is no authentication where none was asked for');

is(call('GET', '/internal/stats?check')->status, 200, 'every invariant of the zone holds');
$_->disconnect for @streams;
ok($server->stop, 'the server stops');
is_error_free($server, 'its log is clean', qr/AH01617/);
done_testing();
