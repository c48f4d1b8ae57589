# QT-17: keep-alives and tasks on one stream never cut into each other; each frame stands whole, one after the other.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my ($rounds, $burst) = (10, 6);
my $place = place();
my $anna = $place->op('anna');
my @tabs = map { $anna->stream } 1 .. 3;
ok($place->wait_operator('anna', 'free'), 'anna has three tabs');

# Bursts with a keep-alive between them, so that both kinds meet often.
my @ids;
for my $round (1 .. $rounds) {
    push @ids, map { $place->added(taskId => fresh_id(), operatorId => 'anna', payload => ("$_-" x 1000) . "event: task\ndata: x\n\n") } 1 .. $burst;
    ok($_->wait_event(type => 'connection', where => sub { 1 }), "round $round: a keep-alive") for $tabs[$round % 3];
}
my $last = $ids[-1];
ok($_->wait_raw(qr/"taskId":"\Q$last\E".*?\n\nevent: connection\n.*?\n\n/s), 'a tab has all, and a keep-alive after it') for @tabs;

my $keep = "event: connection\ndata: \"Повторное подключение\"\n\n";
utf8::encode($keep);
for my $tab (@tabs) {
    my (@told, $kept);
    my $raw = $tab->raw;
    pos($raw) = 0;
    while (1) {
        if ($raw =~ /\G(?:retry: \d+\n|:[^\n]*\n)+\n/gc) {
            next;
        } elsif ($raw =~ /\G\Q$keep\E/gc) {
            $kept++;
        } elsif ($raw =~ /\Gevent: task\ndata: (\{[^\n]*\})\n\n/gc) {
            push @told, JSON::PP->new->utf8->decode($1)->{taskId};
        } else {
            last;
        }
    }
    like(substr($raw, pos $raw), qr/\A(?:event|$)/, 'whole frames, to the last one');
    is_deeply(\@told, \@ids, 'every task once, in order');
    cmp_ok($kept, '>=', $rounds / 3, "with $kept keep-alives between them");
}
$anna->exit;
$place->check_ok;
done_testing();

__DATA__
QueueTasksKeepAlive 10ms
QueueTasksCapacity 1000
