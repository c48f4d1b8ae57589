# assigned -> ready: a task given back, to anyone, to one, or for other labels.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my ($anna, $boris) = ($place->op('anna'), $place->op('boris', labels => 'tax'));
my $from_anna = $anna->stream;
$place->wait_operator('anna', 'free');

sub taken_by_anna
{
    my (%task) = @_;
    my $id = $place->added(taskId => fresh_id(), %task);
    $from_anna->wait_task(where => sub { $_[0]->json->{taskId} eq $id });
    is_good($anna->assign($id), 200, 'anna takes it');
    return $id;
}

subtest 'to anyone else' => sub {
    my $id = taken_by_anna();
    my $from_boris = $boris->stream;
    $place->wait_operator('boris', 'free');
    is_good($anna->release($id), 200, 'released');
    is($from_boris->wait_task->json->{taskId}, $id, 'another who fits gets it');
    is($place->operator('anna')->{status}, 'free', 'she is free');
    is_bad($anna->complete($id), 403, 0, 'it is hers no more');
    is_good($boris->assign($id), 200, 'taken') && is_good($boris->complete($id), 200, 'done');
    is_deeply([map { [@$_{qw(operatorId outcome)}] } @{ $place->task($id)->result->{history} }], [['anna', 'released'], ['boris', 'completed']],
        'history tells both');
};

subtest 'not back to who released it while another fits, be he busy' => sub {
    my $from_boris = $boris->stream;
    my $his = $place->added(taskId => fresh_id(), operatorId => 'boris');
    ok($from_boris->wait_task(where => sub { $_[0]->json->{taskId} eq $his }), 'boris is busy');
    my $id = taken_by_anna();
    is_good($anna->release($id), 200, 'anna releases hers');
    is($place->operator('anna')->{status}, 'free', 'she is free');
    is($place->state($id), 'ready', 'and does not get it back');
    my $probe = $place->added(taskId => fresh_id());
    is($from_anna->wait_task->json->{taskId}, $probe, 'but another');
    is_good($anna->assign($probe), 200, 'taken') && is_good($anna->complete($probe), 200, 'done');
    is_good($boris->complete($his), 200, 'boris is done');
    is($from_boris->wait_task(where => sub { $_[0]->json->{taskId} ne $his })->json->{taskId}, $id, 'and gets what she released');
    is_good($boris->assign($id), 200, 'taken');
    is_good($boris->release($id), 200, 'he releases it too');
    is($place->state($id), 'ready', 'now both gave it back');
    $boris->exit;
    is($from_anna->wait_task(deadline => 5)->json->{taskId}, $id, 'nobody else is left: she gets it again');
    is_good($anna->assign($id), 200, 'taken') && is_good($anna->complete($id), 200, 'done');
};

subtest 'to one' => sub {
    my $berta = $place->op('berta');
    my $from_berta = $berta->stream;
    is_good($anna->pause, 200, 'anna pauses') && is_good($anna->ready, 200, 'and is ready') ;
    my $id = $place->added(taskId => fresh_id(), operatorId => 'anna');
    $from_anna->wait_task(where => sub { $_[0]->json->{taskId} eq $id });
    is_good($anna->release($id, json => { operatorId => 'berta' }), 200, 'handed over');
    my $event = $from_berta->wait_task(where => sub { $_[0]->json->{taskId} eq $id });
    ok($event && $event->json->{assigned}, 'berta is told that it is hers');
    is($place->task($id)->result->{operatorId}, 'berta', 'it is');
    is_good($berta->complete($id), 200, 'done');
    $berta->exit;
};

subtest 'for other labels' => sub {
    my $id = taken_by_anna();
    is_good($anna->release($id, json => { labels => ['law'] }), 200, 'released for others');
    is($place->state($id), 'ready', 'she does not fit any more');
    my $karl = $place->op('karl', labels => 'law');
    my $from_karl = $karl->stream;
    is($from_karl->wait_task->json->{taskId}, $id, 'who has the label gets it');
    is_good($karl->assign($id), 200, 'taken') && is_good($karl->complete($id), 200, 'done');
    is_bad($anna->release($id), 403, 0, 'only the owner releases');
    my $bad = taken_by_anna();
    is_bad($anna->release($bad, json => { labels => 'law' }), 400, 1, 'labels that are no list: 400/1');
    is_bad($anna->release($bad, json => { operatorId => '' }), 400, 1, 'an empty operatorId: 400/1');
    is($place->state($bad), 'assigned', 'nothing was done');
    is_good($anna->complete($bad), 200, 'done');
    $karl->exit;
};

$place->check_ok;
done_testing();
