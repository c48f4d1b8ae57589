# What an administrator sees of streams: httpd's status page, and names for log formats.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(request);

my $server = QueueTasks::Server->start(children => 1, conf => <<'CONF');
QueueTasksUser "%{req:X-User}"
QueueTasksZone status&co 1m
CustomLog logs/notes "%{queuetasks-transport}n %{queuetasks-user}n %{queuetasks-stream}n"
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/kept/api">
    SetHandler queuetasks
    QueueTasksServe operator
    QueueTasksDetach off
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
CONF
my $place = place(undef, server => $server, path => '/q');

sub status { return request($server->port, 'GET', "/server-status$_[0]")->body }

like(status('?auto'), qr/^QueueTasksChildStreams: 0$/m, 'no streams');
my @streams = ($place->op('anna')->stream, place(undef, server => $server, path => '/kept')->op('<b>boris')->stream);
$place->wait_operator($_, 'free') for 'anna', '<b>boris';
$place->withdraw($place->added(taskId => fresh_id()));

my $plain = status('?auto');
like($plain, qr/^QueueTasksZone: status&co streams=2 operators=2 ready=0$/m, '?auto: the zone');
like($plain, qr/^QueueTasksChildStreams: 2$/m, '?auto: the child');
my $page = status('');
like($page, qr{<tr><td>status&amp;co</td><td>2</td><td>2</td><td>0</td></tr>}, 'the zone and its figures');
like($page, qr{<tr><td>anna</td><td>status&amp;co</td><td>detached</td><td>\d+</td></tr>}, 'a stream, its user, its transport');
like($page, qr{<tr><td>&lt;b&gt;boris</td><td>status&amp;co</td><td>suspended</td><td>\d+</td></tr>}, 'names are text');

$place->op($_)->exit for 'anna', '<b>boris';
$_->closed_within(5) for @streams;
ok($server->wait_for(5, sub { status('?auto') =~ /^QueueTasksChildStreams: 0$/m }), 'they are gone when they are gone');
ok($server->wait_for(5, sub {
    open my $in, '<', $server->root . '/logs/notes' or return 0;
    my $notes = join '', <$in>;
    return $notes =~ /^detached anna \d+$/m && $notes =~ /^suspended <b>boris \d+$/m;
}), 'log formats name them');
ok($server->stop(15), 'the server stops');
is_error_free($server, 'its log is clean');
done_testing();
