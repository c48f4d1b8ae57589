# A task is added: one, many, line by line, by PUT; again; and what is refused.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;

my $place = place();
sub post { my ($body, $type) = @_; return $place->internal('POST', 'tasks', body => $body, headers => { 'Content-Type' => $type // 'application/json' }) }

subtest 'one' => sub {
    my $id = fresh_id();
    my $answer = $place->add_task(taskId => $id);
    is_good($answer, 201, 'created');
    is_deeply($answer->result, { taskId => $id, state => 'ready' }, 'with its state');
    is_good($place->add_task(taskId => $id), 200, 'QT-57: the same again is 200');
    is_bad($place->add_task(taskId => $id, priority => 1), 409, 6, 'with other content it is 409/6');
    is_bad($place->add_task(taskId => $id, payload => { a => 1 }), 409, 6, 'another payload is other content');
    my $none = $place->add_task();
    is_good($none, 201, 'without an id one is made');
    like($none->result->{taskId}, qr/^\S{1,128}$/, 'and told');
    isnt($place->add_task()->result->{taskId}, $none->result->{taskId}, 'a new one each time');
    is_good($place->add_task(taskId => $id = fresh_id(), payload => { b => [1, 2], a => 'x' }), 201, 'with a payload');
    is_good(post(qq({ "payload" : {"b":[1,2], "a":"x"}, "taskId":"$id" })), 200, 'white space and order of members make no other content');
};

subtest 'every member' => sub {
    my $id = fresh_id();
    is_good($place->add_task(taskId => $id, prefer => 'anna', preferFor => 3, priority => 5, delay => 60, ttl => 600, window => 12.5, maxOffers => 3,
        labels => ['b', 'a'], payload => [undef]), 201, 'is taken');
    my $task = $place->task($id)->result;
    is($task->{state}, 'delayed', 'a delayed task is delayed');
    is($task->{priority}, 5, 'priority');
    is($task->{attempt}, 0, 'no attempt yet');
    is_deeply($task->{history}, [], 'no history yet');
    like($task->{created}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, 'created is ISO-8601 UTC');
    ok(exists $task->{operatorId} && !defined $task->{operatorId}, 'nobody has it');
};

subtest 'an array is all or nothing' => sub {
    my @ids = map { fresh_id() } 1 .. 3;
    my $answer = $place->internal('POST', 'tasks', json => [map { { taskId => $_ } } @ids]);
    is_good($answer, 201, 'created');
    is_deeply([map { $_->{taskId} } @{ $answer->result }], \@ids, 'the outcomes are in order');
    is_deeply([map { $_->{state} } @{ $answer->result }], [('ready') x 3], 'each with its state');
    my $fresh = fresh_id();
    is_bad($place->internal('POST', 'tasks', json => [{ taskId => $fresh }, { taskId => $ids[0], priority => 7 }]), 409, 6, 'one conflict refuses all');
    is_bad($place->task($fresh), 404, 4, 'nothing of it was done');
    is_bad($place->internal('POST', 'tasks', json => [{ taskId => $fresh }, { taskId => '' }]), 400, 1, 'one bad one refuses all');
    is_bad($place->task($fresh), 404, 4, 'nothing of it was done');
    is_bad($place->internal('POST', 'tasks', json => [{ taskId => $fresh, priority => 1 }, { taskId => $fresh, priority => 2 }]), 409, 6,
        'a conflict within the array refuses it');
    is_bad($place->task($fresh), 404, 4, 'nothing of it was done');
};

subtest 'NDJSON goes line by line' => sub {
    my @ids = map { fresh_id() } 1 .. 3;
    my $answer = post(join("\n", map { qq({"taskId":"$_"}) } @ids) . "\n", 'application/x-ndjson');
    is_good($answer, 201, 'all good: 201');
    is_deeply([map { $_->{taskId} } @{ $answer->result }], \@ids, 'in order');
    my ($a, $b) = map { fresh_id() } 1 .. 2;
    $answer = post(qq({"taskId":"$a"}\n{"taskId":\n{"taskId":"$ids[0]","priority":9}\n{"taskId":"$b"}), 'application/x-ndjson');
    is($answer->status, 207, 'some bad: 207');
    my $result = $answer->result;
    is(scalar @$result, 4, 'a place for each line');
    is($result->[0]{taskId}, $a, 'the first is done');
    is($result->[1]{errorCode}, 1, 'the second is malformed');
    ok(length $result->[1]{error}, 'with a text');
    is($result->[2]{errorCode}, 6, 'the third is a conflict');
    is($result->[3]{taskId}, $b, 'the fourth is done: a bad line stops nothing');
    is($place->state($_), 'ready', 'a good line is there') for $a, $b;
};

subtest 'PUT' => sub {
    my $id = fresh_id();
    my %json = (headers => { 'Content-Type' => 'application/json' });
    is_good($place->internal('PUT', "tasks/$id?priority=4&labels=b,a&window=9", body => '{"n":1}', %json), 201, 'created');
    is($place->task($id)->result->{priority}, 4, 'fields come from the query');
    is_good($place->internal('PUT', "tasks/$id?priority=4&labels=a,b&window=9", body => '{ "n": 1 }', %json), 200, 'the same again');
    is_bad($place->internal('PUT', "tasks/$id?priority=5&labels=a,b&window=9", body => '{"n":1}', %json), 409, 6, 'other content');
    is_bad($place->internal('PUT', 'tasks/' . fresh_id(), body => '{"n":', %json), 400, 1, 'malformed JSON');
    is_bad($place->internal('PUT', 'tasks/' . fresh_id() . '?priority=high', body => '1', %json), 400, 1, 'a bad number');
    my $text = fresh_id();
    is_good($place->internal('PUT', "tasks/$text", body => '{"n":', headers => { 'Content-Type' => 'text/plain' }), 201, 'text stays text');
    is($place->task($text)->result->{payload}, '{"n":', 'as a string');
    my $name = fresh_id('Задача ') . '?&#%';
    is_good($place->internal('PUT', 'tasks/' . uri($name), body => '1', %json), 201, 'any UTF-8 may be an id');
    is($place->task($name)->result->{taskId}, $name, 'and comes back as it went');
};

subtest 'what is refused' => sub {
    my %bad = (
        'an empty id' => { taskId => '' }, 'a number as id' => { taskId => 20 }, 'null as id' => { taskId => undef },
        'an id with a control character' => { taskId => "a\nb" }, 'C1 is one too' => { taskId => "a\x{85}b" }, 'a dot as id' => { taskId => '.' },
        'two dots' => { taskId => '..' }, 'an id of 129 bytes' => { taskId => 'x' x 129 }, 'a negative delay' => { delay => -1 }, 'a negative priority' => { priority => -1 },
        'a negative ttl' => { ttl => -1 }, 'a negative window' => { window => -0.5 }, 'a negative maxOffers' => { maxOffers => -1 },
        'a broken maxOffers' => { maxOffers => 1.5 }, 'a text as delay' => { delay => 'soon' }, 'a broken priority' => { priority => 1.5 },
        'a priority beyond int' => { priority => 4294967296 }, 'labels that are no list' => { labels => 'a' }, 'an empty label' => { labels => [''] },
        'a label that is no string' => { labels => [1] }, 'an empty operatorId' => { operatorId => '' }, 'a bad prefer' => { prefer => 7 },
        'an unknown member' => { taksId => 'x' },
    );
    for my $name (sort keys %bad) {
        is_bad($place->internal('POST', 'tasks', json => $bad{$name}), 400, 1, "$name: 400/1");
    }
    is_good($place->add_task(taskId => 'x' x 128), 201, 'an id of 128 bytes is fine');
    is_bad(post($_->[0]), 400, 1, "$_->[1]: 400/1") for ['', 'nothing'], ['{', 'half an object'], ['{} {}', 'two objects'], ['"x"', 'a string'],
        ['{"taskId":"a","taskId":"b"}', 'a member twice'], ["{\"taskId\":\"\xff\"}", 'bad UTF-8'], ['[' x 200, 'depth'], ['{"taskId":"a\u0000b"}', 'NUL'],
        ['[1]', 'an array of numbers'];
    is_bad(post('{}', 'text/plain'), 415, 8, 'a content type that is not understood: 415/8');
    is_bad(post('{"payload":"' . 'x' x 70_000 . '"}'), 413, 7, 'a body over QueueTasksMaxBody: 413/7');
    is_good(post('{"payload":"' . 'x' x 60_000 . '"}'), 201, 'a body below it is fine');
    is_bad($place->withdraw('no-such-task'), 404, 4, 'withdrawing an unknown one: 404/4');
};

$place->check_ok;
done_testing();

__DATA__
QueueTasksZone add 4m
