# QueueTasksTopics: who may subscribe to what; expressions are evaluated for each caller, and their values are taken as they are.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();

# The statuses of subscribing to topics, together: 200 or an error.
sub may
{
    my ($op, @topics) = @_;
    my $stream = $op->listen('events?' . join '&', map { 'topic=' . uri($_) } @topics);
    my $status = $stream->status;
    $stream->disconnect;
    return $status;
}

subtest 'no topic without a pattern' => sub {
    is_bad(place('none')->op('anna')->get('events?topic=public'), 403, 3, 'the default lets nobody subscribe');
};

subtest 'globs' => sub {
    my $anna = $place->op('anna');
    my %want = (
        'public/a' => 200, 'public/a/b/c' => 200, 'public' => 403, 'publicity/a' => 403, 'flat/a' => 200, 'flat/a/b' => 403, 'exact' => 200,
        'exactly' => 403, 'EXACT' => 403, 'новости/день' => 200, 'новости/а/б' => 403, 'b-x-e' => 200, 'b/x-e' => 403, 'question?' => 200, 'questions' => 403,
    );
    is(may($anna, $_), $want{$_}, "$_: $want{$_}") for sort keys %want;
    is(may($anna, 'public/a', 'exact'), 200, 'two that are allowed');
    is_bad($anna->get('events?topic=public/a&topic=other'), 403, 3, 'one that is not spoils all');
};

subtest 'expressions' => sub {
    my ($anna, $star) = ($place->op('anna'), $place->op('*'));
    is(may($anna, 'orders/anna/7'), 200, "a user's own");
    is(may($anna, 'orders/boris/7'), 403, "not another's");
    is(may($anna, 'orders/anna/7/x'), 403, 'a star after an expression stops at a slash');
    is(may($star, 'orders/anna/7'), 403, 'a user called * is nobody else');
    is(may($star, 'orders/*/7'), 200, 'but himself');
    is(may($place->op('**'), 'orders/anna/7'), 403, 'nor one called **');
    is(may($place->op('a*'), 'orders/anna/7'), 403, 'nor one with a star within');
    is(may($anna, 'tenant-'), 403, 'an expression without a value makes no pattern');
    is(may($anna, 'tenant-x'), 403, 'whatever follows it');
    my $tenant = $place->op('anna', headers => { 'X-Tenant' => 'x' });
    is(may($tenant, 'tenant-x'), 200, 'with a value it does');
    is(may($tenant, 'tenant-xy'), 403, 'and ends where it ends');
};

subtest 'an inner section replaces the list' => sub {
    my $inner = place('inner');
    is(may($inner->op('anna'), 'inside'), 200, 'what it names');
    is(may($inner->op('anna'), 'outside'), 403, 'and nothing else');
};

done_testing();
__DATA__
QueueTasksTopics public/** flat/* exact новости/* b*e question? orders/%{req:X-User}/* tenant-%{req:X-Tenant}
[none]
[inner]
QueueTasksTopics outside
api: QueueTasksTopics inside
