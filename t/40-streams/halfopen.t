# A peer that fell silent without a word (cable pulled, machine gone) is found by keep-alives within Timeout, by every transport.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_RCVBUF);

# Linux's SO_ATTACH_FILTER with a program of one instruction, "take nothing": the client's kernel drops all that comes for this socket,
# before TCP sees it. Nothing is acknowledged any more, as if the cable were out.
use constant SO_ATTACH_FILTER => 26;

sub fall_silent
{
    my ($socket) = @_;
    my $take_nothing = pack 'S C C L', 0x06, 0, 0, 0;
    my $program = pack 'S x![P] P', 1, $take_nothing;
    return setsockopt $socket, SOL_SOCKET, SO_ATTACH_FILTER, $program;
}

# Some kernels give it only to whoever owns the network; so we take one of our own, with nothing but loopback in it.
my $may_filter;
BEGIN {
    my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
    my $probe = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport);
    $may_filter = fall_silent($probe);
    my @own_net = qw(unshare -U -n --map-current-user --keep-caps);
    if (!$may_filter && !$ENV{QT_OWN_NET}++ && system("@own_net true 2>/dev/null") == 0) {
        # lo is brought up: SIOCSIFFLAGS with IFF_UP.
        my $up = q(use Socket; socket my $s, AF_INET, SOCK_DGRAM, 0; my $lo = pack "a16 S x22", "lo", 1; ioctl $s, 0x8914, $lo or die $!; exec @ARGV);
        exec @own_net, $^X, '-e', $up, $^X, $0;
    }
}
use QueueTasks::Test;

# Where that can't be had either, a peer that shuts its window and keeps it shut: the kernel gives up on it by the same rule.
sub shut_window
{
    my ($socket) = @_;
    return setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 1;
}

note($may_filter ? 'the peer falls silent' : 'no socket may be made deaf here: the peer shuts its window');
my $vanish = $may_filter ? \&fall_silent : \&shut_window;

my $conf = <<'CONF';
Timeout 2
QueueTasksUser "%{req:X-User}"
QueueTasksZone halfopen 1m
QueueTasksReconnectGrace 30s
QueueTasksKeepAlive 300ms
QueueTasksKeepAliveForm event
QueueTasksMaxBlockingStreams 4
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<If "%{QUERY_STRING} =~ /suspended/">
    QueueTasksDetach off
</If>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CustomLog logs/notes "%{queuetasks-transport}n %{queuetasks-user}n"
CONF

# The bound: Timeout from the first keep-alive that nobody acknowledged, and the kernel's step between two tries.
use constant BOUND => 0.3 + 2 + 2.5;
# A window takes some keep-alives before it is shut.
my $bound = $may_filter ? BOUND : BOUND + 20;

sub is_found
{
    my ($place, $user, $want, $query) = @_;
    my $reader = $place->op("$user-reads")->stream(query => $query);
    my $silent = $place->op($user)->stream(query => $query);
    ok($silent->wait_raw(qr/(?:^event: connection.*?){2}/ms, 5), "$want: keep-alives come");
    ok($vanish->($silent->socket), "$want: the peer vanishes") or diag $!;
    my $began = now();
    ok($place->wait_operator($user, 'away', $bound + 5), "$want: and is found");
    my $took = now() - $began;
    ok($took < $bound, sprintf '%s: after %.1f s', $want, $took);
    ok($took > 1, "$want: not at once");
    is($place->operator("$user-reads")->{status}, 'free', "$want: who acknowledges stays");
    open my $in, '<', $place->server->root . '/logs/notes' or die $!;
    $place->op("$user-reads")->exit;
    ok($reader->closed_within(5), "$want: until he leaves");
    ok($place->server->wait_for(5, sub { seek $in, 0, 0; grep { $_ eq "$want $user\n" } <$in> }), "$want: it was one");
}

subtest 'event' => sub {
    my $server = QueueTasks::Server->start(conf => $conf);
    my $place = place(undef, server => $server, path => '/q');
    is_found($place, 'anna', 'detached', '');
    ok($server->wait_log(qr/QT00207: stream: user anna, .*client gone/), 'the log tells it');
    is_found($place, 'boris', 'suspended', 'suspended');
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
};

subtest 'worker' => sub {
    my $server = QueueTasks::Server->start(mpm => 'worker', children => 2, threads => 4, conf => $conf);
    my $place = place(undef, server => $server, path => '/q');
    is_found($place, 'clara', 'blocking', '');
    ok($server->stop(15), 'the server stops');
    is_error_free($server, 'its log is clean');
};

done_testing();
