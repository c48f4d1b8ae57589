# Progress of long jobs on the public API: what the per-user sample shows, as messages of a user and as a topic of which the last counts. N8.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

sub data_of { my ($stream, $n) = @_; return [map { my $event = $stream->wait_event(type => 'message', deadline => 5); $event ? $event->data : 'nothing' } 1 .. $n] }

subtest 'N8-1, N8-3, N8-7: a job tells its user each step' => sub {
    my $stream = $place->op('victor')->listen('notifications');
    is($stream->status, 200, 'N8-1: a stream');
    my @steps = map { "User 'victor', attempt $_ / 10" } 1 .. 10;
    is_good($place->notify('victor', $_), 200, $_) for @steps;
    is_deeply(data_of($stream, 10), \@steps, 'N8-7: each is one message, in order');
};

subtest 'N8-4, N8-8, N8-9: an object at the end' => sub {
    my $stream = $place->op('anna')->listen('notifications');
    my $object = '{"Name":"Victor","Age":30,"Country":"Spain","IsActive":true}';
    my @all = ((map { "Object sent to user 'anna' in $_..." } reverse 1 .. 5), $object, '"quoted"', 'plain');
    $place->notify('anna', $_) for @all;
    is_deeply(data_of($stream, 8), \@all, 'N8-20: data are what was sent: JSON as JSON, a string as a string');
    unlike($stream->raw, qr/\r/, 'N8-9: lines end in LF');
};

subtest 'N8-13, SP-9: a topic that shows where the job is' => sub {
    my $anna = $place->op('anna');
    my $stream = $anna->listen('events?topic=progress/job-1');
    my $first = $stream->wait_event(type => 'synchronizing', deadline => 5)->id;
    $place->published('progress/job-1', qq({"done":$_,"of":10}), type => 'update', key => 'job-1') for 1 .. 3;
    is($stream->wait_event(type => 'update', deadline => 5)->json->{done}, 1, 'every step, live');
    $stream->disconnect;
    $place->published('progress/job-1', qq({"done":$_,"of":10}), type => 'update', key => 'job-1') for 4 .. 9;
    $stream = $anna->listen('events?topic=progress/job-1', last => $first);
    is($stream->wait_event(type => 'update', deadline => 5)->json->{done}, 9, 'who comes back sees the last one');
    $place->published('progress/job-1', '{"done":10,"of":10}', type => 'done', key => 'job-1');
    is($stream->wait_event(deadline => 5)->type, 'done', 'and then the end');
};

subtest 'RK-16: a log that is read to its end' => sub {
    my $stream = $place->op('anna')->listen('queues/job-log/messages');
    $place->push_to('job-log', $_) for 'start', map { "line $_" } 1 .. 5;
    $place->close_queue('job-log');
    is_deeply(data_of($stream, 7), ['start', (map { "line $_" } 1 .. 5), '---terminate---'], 'start, lines, end');
};

subtest 'NT-71, N8-16: many writers, one stream' => sub {
    my $stream = $place->op('busy')->listen('notifications');
    my $total = 0;
    my @children = map {
        my $n = $_;
        my $pid = fork // die $!;
        if (!$pid) {
            $place->notify('busy', "writer $n message $_ " . '=' x 500) for 1 .. 25;
            require POSIX;
            POSIX::_exit(0);
        }
        $pid;
    } 1 .. 4;
    waitpid $_, 0 for @children;
    my %next = map { $_ => 1 } 1 .. 4;
    for my $data (@{ data_of($stream, 100) }) {
        my ($n, $message) = $data =~ /^writer (\d) message (\d+) ={500}$/ or last;
        $total++ if $message == $next{$n}++;
    }
    is($total, 100, 'nothing is cut, and each writer\'s order is kept');
};

$place->check_ok;
done_testing();
__DATA__
QueueTasksZone progress 4m
QueueTasksTopics progress/*
