# How streams end: by their life, by a drain that takes its time, by falling behind, for want of descriptors; on every transport.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Curl;

my $conf = <<'CONF';
QueueTasksUser "%{req:X-User}"
QueueTasksZone life 64m
QueueTasksReconnectGrace 20s
QueueTasksKeepAlive 30s
QueueTasksRetry 100ms
QueueTasksMaxBlockingStreams 4
RequestReadTimeout header=1 body=1
KeepAliveTimeout 1
Protocols h2c http/1.1
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator
    <If "%{QUERY_STRING} =~ /short/">
        QueueTasksStreamLife 2s
    </If>
    <If "%{QUERY_STRING} =~ /kept/">
        QueueTasksDetach off
    </If>
    <If "%{QUERY_STRING} =~ /skip/">
        QueueTasksSlowClient skip
    </If>
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF

my $server = QueueTasks::Server->start(conf => $conf . "QueueTasksDrain 1500ms\n");
my $place = place(undef, server => $server, path => '/q');

subtest 'QueueTasksStreamLife' => sub {
    my %how = (detached => [query => 'short'], suspended => [query => 'short&kept'], h2 => [query => 'short', curl => ['--http2-prior-knowledge']]);
    for my $transport (sort keys %how) {
        my $began = now();
        my $stream = QueueTasks::Curl->open(user => "life-$transport", port => $server->port, path => '/q/api/wait-sse', @{ $how{$transport} });
        ok($stream->wait_text(qr/^:/m, 5), "$transport: is there");
        ok($stream->over_within(10), "$transport: ends by itself");
        my $lasted = now() - $began;
        ok($lasted >= 2, sprintf '%s: when its life is over (%.2f s), not at RequestReadTimeout or KeepAliveTimeout', $transport, $lasted);
        is($stream->status, 0, "$transport: as HTTP wants it");
        is($place->operator("life-$transport")->{status}, 'away', "$transport: its operator keeps his place");
        $place->op("life-$transport")->exit;
    }
};

# Whoever reads nothing while his operator's log runs over.
sub falls_behind
{
    my ($query) = @_;
    my $op = $place->op("slow-$query" =~ s/\W/-/gr);
    my $stream = $op->stream(query => $query);
    $place->wait_operator($op->user, 'free');
    my $sent = 0;
    for (1 .. 120) {
        $sent++ if $place->add_task(taskId => fresh_id('slow'), operatorId => $op->user, payload => 'x' x 50_000)->status == 201;
    }
    is($sent, 120, "$query: 120 tasks of 50 KB");
    return ($op, $stream);
}

for my $kept ('', '&kept') {
    subtest "QueueTasksSlowClient skip$kept" => sub {
        my ($op, $stream) = falls_behind("skip$kept");
        my $gap = $stream->wait_event(type => 'gap', deadline => 10);
        is($gap && $gap->data, '{"reason":"slow"}', 'a gap event');
        my %told = map { $_->json->{taskId} => 1 } grep { $_->type eq 'task' } @{ $stream->{passed} || [] };
        while (keys %told < 120 && (my $event = $stream->wait_task(deadline => 3))) {
            $told{ $event->json->{taskId} } = 1;
        }
        is(scalar keys %told, 120, 'and every open task, on the same stream');
        $op->exit;
    };
    subtest "QueueTasksSlowClient close$kept" => sub {
        my ($op, $stream) = falls_behind("close$kept");
        ok($stream->closed_within(10) && $stream->ended_well, 'the stream ends well');
        is(scalar($stream->seen('gap')), 0, 'without a gap event');
        $op->exit;
    };
}

subtest 'QueueTasksDrain: a graceful restart ends streams one after the other' => sub {
    my @streams = map { $place->op("drain$_")->stream(query => $_ % 2 ? 'kept' : '') } 1 .. 120;
    my $began = now();
    ok($server->graceful(20), 'a graceful restart');
    my @ends;
    for (@streams) {
        $_->closed_within(10) or last;
        push @ends, now() - $began;
    }
    is(scalar @ends, 120, 'all end');
    is(scalar(grep { $_->ended_well } @streams), 120, 'well');
    my $last = $ends[-1] // 0;
    ok($last > 0.5, sprintf 'the last after %.2f s', $last);
    my $again = $place->op('drain1')->stream;
    ok($again->wait_raw(qr/^:/m, 5), 'who comes back is let in');
    $again->disconnect;
};

$place->check_ok;
ok($server->stop(15), 'the server stops');
is_error_free($server, 'its log is clean');

subtest 'descriptors: streams leave some to httpd' => sub {
    my $small = QueueTasks::Server->start(children => 1, threads => 4, nofile => 200, conf => $conf);
    my $narrow = place(undef, server => $small, path => '/q');
    my (@streams, $busy);
    for (1 .. 200) {
        push @streams, $narrow->op("op$_")->stream;
        $busy = $streams[-1]->is_busy and last;
    }
    ok($busy, 'after ' . @streams . ' streams the next is told busy');
    ok($streams[-1]->closed_within(5) && $streams[-1]->ended_well && $streams[-1]->retry, 'with a clean end and a time to come back');
    ok(@streams > 20, 'not before');
    is($narrow->op('onlooker')->get('queue-operators')->status, 200, 'while ordinary requests answer');
    $_->disconnect for @streams;
    ok($narrow->wait_operator('op1', 'away', 5), 'they leave');
    my $stream = $narrow->op('op1')->stream;
    ok($stream->wait_raw(qr/^:/m, 5) && $stream->raw !~ /busy/, 'and there is room again');
    ok($small->stop(15), 'the server stops');
    is_error_free($small, 'its log is clean');
};

done_testing();
