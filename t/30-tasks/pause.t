# pause and ready of an operator; pause and resume of the zone.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my ($anna, $boris) = map { $place->op($_) } qw(anna boris);

subtest 'an operator' => sub {
    my $stream = $anna->stream;
    $place->wait_operator('anna', 'free');
    is_good($anna->pause, 200, 'pause');
    is($place->operator('anna')->{status}, 'paused', 'is told');
    my $id = $place->added(taskId => fresh_id());
    is($place->state($id), 'ready', 'nothing is offered to her');
    is($anna->take_free->result->{taskId}, undef, 'nor given');
    is_good($anna->ready, 200, 'ready');
    is($stream->wait_task->json->{taskId}, $id, 'now it comes, on the same stream');
    is_good($anna->pause, 200, 'pause while deciding');
    ok(!$stream->wait_event(type => 'closed', deadline => 0.1), 'leaves the open offer standing');
    is_good($anna->assign($id), 200, 'which she may take') && is_good($anna->complete($id), 200, 'and complete');
    is($place->operator('anna')->{status}, 'paused', 'and is still paused');
    is_good($anna->exit, 200, 'leaves');
    is_bad($place->op('stranger')->pause, 404, 4, 'who has no place can not pause');
    is_bad($place->op('stranger')->ready, 404, 4, 'nor be ready');
};

subtest 'the zone' => sub {
    my $stream = $boris->stream;
    $place->wait_operator('boris', 'free');
    is_good($place->internal('POST', 'pause'), 200, 'pause');
    my $id = $place->added(taskId => fresh_id());
    is($place->state($id), 'ready', 'adding goes on, offering does not');
    is($boris->take_free->result->{taskId}, undef, 'take-free gives null');
    is($place->op('clara')->take_free->result->{taskId}, undef, 'to others too');
    is_good($place->internal('POST', 'resume'), 200, 'resume');
    is($stream->wait_task->json->{taskId}, $id, 'the task comes at once');
    is_good($boris->assign($id), 200, 'taken') && is_good($boris->complete($id), 200, 'done');
    $boris->exit;
};

$place->check_ok;
done_testing();
