# QT-63, X-12: the wall clock steps; windows, grace and keep-alives take the time that they take.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files code below_wall floor_of make_says top);
use QueueTasks::Test;

# ---- the source: one place reads a clock below the wall, and it is no wall clock ----

my @below = grep { below_wall(floor_of($_)) } files(qr{^src/.*\.c$});
my @readers = grep { code($_) =~ /\bclock_gettime\b|\bgettimeofday\b|[^\w.>]time\s*\(/ } @below;
is_deeply(\@readers, ['src/ipc/qt_clock.c'], 'QT-63: one file reads a clock');
unlike(code('src/ipc/qt_clock.c'), qr/CLOCK_REALTIME/, 'a monotonic one');
is_deeply([grep { code($_) =~ /\bapr_time_now\b/ } files(qr{^src/(?:base|wire|core|ipc)/.*\.[ch]$})], [], 'X-12: the rules never see the wall clock');

# ---- a server whose wall clock steps ----

if ($ENV{SANITIZE}) {
    note('a sanitized server has its own preloaded libraries: no clock steps there');
    done_testing();
    exit;
}

my ($file, $clock);
sub step
{
    my ($seconds) = @_;
    sysseek $clock, 0, 0;
    syswrite $clock, pack('q', $seconds);
}

my $server = do {
    local @ENV{qw(LD_PRELOAD QT_CLOCK_FILE)};
    QueueTasks::Server->start(serves => 'operator', children => 1, conf => sub {
        my $root = $_[0]->root;
        system(make_says('CC'), qw(-shared -fPIC -O1 -o), "$root/clock_step.so", top() . '/t/80-issues/clock_step.c', '-ldl') == 0 or die 'the compiler fails';
        open $clock, '+>:raw', "$root/clock" or die "$root/clock: $!";
        step(0);
        @ENV{qw(LD_PRELOAD QT_CLOCK_FILE)} = ("$root/clock_step.so", "$root/clock");
        return <<'CONF';
QueueTasksUser "%{req:X-User}"
QueueTasksZone steps 1m
QueueTasksDecisionWindow 1s
QueueTasksReconnectGrace 400ms
QueueTasksKeepAlive 200ms
CONF
    });
};
my $place = place(undef, server => $server, path => '/q');

sub hour_of { my ($iso) = @_; return substr $iso, 0, 13 }

for my $hours (1, -1) {
    subtest sprintf('QT-63, X-12: by %+d h', $hours) => sub {
        my $anna = $place->op("anna$hours");
        my $opened = now();
        my $stream = $anna->stream;
        $place->wait_operator($anna->user, 'free');
        my $began = now();
        my $id = $place->added(taskId => fresh_id());
        my $event = $stream->wait_task;
        step($hours * 3600);
        my ($task) = $anna->my_tasks;
        isnt(hour_of($task->{serverTime}), hour_of($event->json->{serverTime}), 'the wall clock of the server has stepped');
        is($place->state($id), 'offered', 'the offer stands');
        my $closed = $stream->wait_event(type => 'closed', deadline => 10);
        my $took = $closed ? $closed->{at} - $began : 0;
        ok($took >= 1, sprintf 'its window takes a second (%.2f s)', $took);
        $place->withdraw($id);
        ok($stream->wait_event(type => 'connection') && $stream->wait_event(type => 'connection'), 'keep-alives come as before');
        cmp_ok(scalar(() = $stream->raw =~ /^event: connection$/mg), '<=', (now() - $opened) / 0.2, 'and no more of them');
        my $left = now();
        $stream->disconnect;
        ok($place->wait_operator($anna->user, ''), 'she leaves');
        ok(now() - $left >= 0.4, 'after the grace');
        $place->check_ok;
    };
}
step(0);

ok($server->stop, 'the server stops');
is_error_free($server, 'its log is clean');
done_testing();
