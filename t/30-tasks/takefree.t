# take-free: ready -> assigned in one step, for who does not wait.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my $anna = $place->op('anna');

subtest 'QT-1' => sub {
    my $answer = $anna->take_free;
    is($answer->body, '{"success":true,"error":null,"errorCode":0,"result":{"taskId":null}}', 'nothing there, in these bytes');
    my $id = $place->added(taskId => '20', payload => 'x');
    $answer = $anna->take_free;
    is_good($answer, 200, 'something there');
    like($answer->body, qr/"result":\{"taskId":"20"[,}]/, 'in these bytes');
    is($answer->result->{payload}, 'x', 'with its payload');
    is($place->state('20'), 'assigned', 'and it is assigned already');
    is($place->task('20')->result->{operatorId}, 'anna', 'to her');
    is_bad($anna->assign('20'), 403, 0, 'so there is nothing to assign');
    is($anna->take_free->result->{taskId}, undef, 'at capacity: null');
    is_good($anna->complete('20'), 200, 'complete');
};

subtest 'QT-41: who waits is told null' => sub {
    my $stream = $anna->stream;
    $place->wait_operator('anna', 'free');
    my $other = $place->added(taskId => fresh_id(), labels => ['nobody-has-it']);
    is($anna->take_free->result->{taskId}, undef, 'he already waits');
    $place->withdraw($other);
    $anna->exit;
};

subtest 'QT-42: what is on offer to another is not taken' => sub {
    my ($boris, $clara) = map { $place->op($_) } qw(boris clara);
    my $stream = $boris->stream;
    my $id = $place->added(taskId => fresh_id());
    $stream->wait_task;
    is($clara->take_free->result->{taskId}, undef, 'clara gets null');
    is_good($boris->assign($id), 200, 'boris takes it') && is_good($boris->complete($id), 200, 'done');
    $boris->exit;
};

subtest 'QT-54: many callers at once, each task to one' => sub {
    my @ids = map { $place->added(taskId => fresh_id()) } 1 .. 5;
    my %got;
    for my $n (1 .. 8) {
        my $id = $place->op("caller$n")->take_free->result->{taskId};
        $got{$id}++ if defined $id;
    }
    is_deeply(\%got, { map { $_ => 1 } @ids }, 'every task once');
    $place->withdraw($_) for @ids;
};

$place->check_ok;
done_testing();
