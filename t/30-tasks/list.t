# GET tasks: what an administrator leafs through, by state and page by page.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
my @ids = map { "l$_" } 1 .. 25;
is_good($place->internal('POST', 'tasks', json => [map { { taskId => $_, payload => { n => $_ } } } @ids]), 201, 'some tasks');
$place->added(taskId => 'later', delay => 3600);
$place->withdraw('l1');

sub list { return $place->internal('GET', 'tasks' . ($_[0] ? "?$_[0]" : '')) }
# All pages of a list.
sub leaf
{
    my ($query, $limit) = @_;
    my (@all, $after);
    while (1) {
        my $page = list("limit=$limit" . ($query ? "&$query" : '') . (defined $after ? '&after=' . uri($after) : ''))->result;
        push @all, map { $_->{taskId} } @$page;
        return @all if @$page < $limit;
        $after = $all[-1];
    }
}

my $all = list();
is_good($all, 200, 'a list');
my ($one) = grep { $_->{taskId} eq 'l2' } @{ $all->result };
is_deeply([sort keys %$one], [sort qw(taskId state operatorId priority attempt created changed delayUntil ttlUntil expiresAt prefer labels)], 'of what a task is, without its payload and history');
is($one->{state}, 'ready', 'in its state');
is_deeply([sort map { $_->{taskId} } @{ $all->result }], [sort @ids, 'later'], 'all of them, ended ones, too');
is_deeply([sort(leaf('', 4))], [sort @ids, 'later'], 'page by page: each once');
is_deeply([leaf('', 4)], [map { $_->{taskId} } @{ $all->result }], 'in the same order');
is_deeply([sort(leaf('state=ready', 5))], [sort @ids[1 .. 24]], 'of one state');
is_deeply([map { $_->{taskId} } @{ list('state=withdrawn')->result }], ['l1'], 'of another');
is_deeply([leaf('state=delayed', 1)], ['later'], 'and another');
is_deeply(list('state=dead')->result, [], 'or nothing');
is_good(list('after=never-there'), 200, 'after a task that is gone the list goes on');
is_bad(list($_), 400, 1, "?$_: 400/1") for 'state=nonsense', 'state=', 'limit=0', 'limit=10001', 'after=';
is($place->api('GET', 'tasks')->status, 404, 'it is the administrator\'s');
is_bad($place->internal('PUT', 'tasks'), 405, 5, 'PUT is not for it');
like($place->internal('PUT', 'tasks')->header('Allow'), qr/GET, HEAD|HEAD, GET/, 'Allow names GET');
$place->check_ok;
done_testing();
