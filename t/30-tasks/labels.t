# Labels: a task goes to an operator who has all of its labels.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my %op = (
    none => $place->op('none'), en => $place->op('en', labels => 'en'), both => $place->op('both', labels => ' tax , en,en'),
);
my %stream;
for my $name (qw(none en both)) {
    $stream{$name} = $op{$name}->stream;
    $place->wait_operator($name, 'free');
}

subtest 'QT-27, QT-34: the first that fits' => sub {
    is_deeply([map { $_->{labels} } $place->operators], [[], ['en'], ['en', 'tax']], "an operator's labels are listed once each");
    my $tax = $place->added(taskId => fresh_id('tax'), labels => ['tax', 'en']);
    is($stream{both}->wait_task->json->{taskId}, $tax, 'passes those who lack a label');
    my $next = $place->added(taskId => fresh_id('tax'), labels => ['tax']);
    is($place->state($next), 'ready', 'who fits is busy: it waits');
    my $en = $place->added(taskId => fresh_id('en'), labels => ['en']);
    is($stream{en}->wait_task->json->{taskId}, $en, 'QT-43: and holds up nobody behind it');
    my $plain = $place->added(taskId => fresh_id('plain'));
    is($stream{none}->wait_task->json->{taskId}, $plain, 'no label fits everybody');
    is_good($op{none}->assign($plain), 200, 'taken') && is_good($op{none}->complete($plain), 200, 'done');
    is_good($op{en}->assign($en), 200, 'taken') && is_good($op{en}->complete($en), 200, 'done');
    is_good($op{both}->reject($tax), 200, 'refused');
    is($stream{both}->wait_task->json->{taskId}, $next, 'the waiting one comes');
    is($place->state($tax), 'ready', 'the refused one waits: nobody else fits');
    is_good($op{both}->assign($next), 200, 'taken') && is_good($op{both}->complete($next), 200, 'done');
    is($stream{both}->wait_task(deadline => 5)->json->{taskId}, $tax, 'QT-67: after the cooldown he gets it again');
    $place->withdraw($tax);
};

subtest 'take-free looks at labels too' => sub {
    my $caller = $place->op('caller', labels => 'ru');
    my $de = $place->added(taskId => fresh_id('de'), labels => ['de']);
    is($caller->take_free->result->{taskId}, undef, 'what does not fit is not given');
    my $ru = $place->added(taskId => fresh_id('ru'), labels => ['ru']);
    is($caller->take_free->result->{taskId}, $ru, 'what fits is');
    is_good($caller->complete($ru), 200, 'done');
    $place->withdraw($de);
};

subtest 'labels that are none' => sub {
    is_bad($place->op('odd', labels => join ',', 1 .. 40)->take_free, 400, 1, 'too many labels of a caller: 400/1');
    is_bad($place->internal('POST', 'tasks', json => { labels => [map { "l$_" } 1 .. 40] }), 413, 7, 'too many labels of a task: 413/7');
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksRejectCooldown 1s
