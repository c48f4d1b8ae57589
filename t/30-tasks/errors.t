# The whole error table, methods, media types, other origins; bad input of every kind.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Test;
use QueueTasks::Client qw(request connect_to send_all read_some);

my $place = place();
my $anna = $place->op('anna');
my $nobody = $place->op(undef);

subtest 'HTTP 401: nobody is identified' => sub {
    is_bad($nobody->take_free, 401, 3, 'take-free');
    is_bad($nobody->assign('1'), 401, 3, 'assign');
    is_bad($nobody->get('queue-operators'), 401, 3, 'queue-operators');
    is_bad($nobody->get('wait-sse', headers => { Accept => 'text/event-stream' }), 401, 3, 'wait-sse');
    is_bad($place->op('a' x 129)->take_free, 400, 1, 'a name too long: 400/1');
    is_bad($place->op("a\x85b")->take_free, 400, 1, 'a name that is no UTF-8: 400/1');
};

subtest 'HTTP 404: no such endpoint' => sub {
    is_bad($anna->get($_), 404, 4, "GET $_") for 'nothing', 'x/y/z', 'tasks', 'stats', '', 'wait-sse/';
    is_bad($place->internal('GET', $_), 404, 4, "internal $_") for 'take-free', 'wait-sse', 'nothing';
};

subtest 'HTTP 400: names in paths' => sub {
    is_bad($anna->post("$_->[0]/assign"), 400, 1, $_->[1]) for ['%0a', 'a control character'], ['%c2%85', 'C1'], ['%ff', 'no UTF-8'], ['x' x 129, 'too long'];
    is_bad($place->internal('GET', 'tasks/%01'), 400, 1, 'in the publish section too');
};

subtest 'HTTP 405 with Allow' => sub {
    for (['GET', 'take-free', 'POST'], ['POST', 'wait-sse', 'GET'], ['GET', '1/assign', 'POST'], ['POST', 'exit', 'DELETE'], ['PUT', 'queue-operators', 'GET'],
        ['PATCH', 'my-tasks', 'GET']) {
        my ($method, $path, $allow) = @$_;
        my $answer = $anna->call($method, $path);
        is_bad($answer, 405, 5, "$method $path");
        like($answer->header('Allow') // '', qr/\b$allow\b/, 'says what is allowed');
        unlike($answer->header('Allow') // '', qr/\b$method\b/, 'and not what was tried');
    }
    my $answer = $place->internal('DELETE', 'tasks');
    is_bad($answer, 405, 5, 'DELETE tasks');
    like($answer->header('Allow'), qr/POST/, 'says POST');
};

subtest 'HTTP 406' => sub {
    is_bad($anna->get('wait-sse', headers => { Accept => 'application/json' }), 406, 12, 'a stream is no JSON');
    is_bad($anna->get('queue-operators', headers => { Accept => 'text/html' }), 406, 12, 'a list is no HTML');
    is_bad($anna->get('queue-operators', headers => { Accept => 'application/json;q=0, */*;q=0' }), 406, 12, 'q=0 excludes');
    is_good($anna->get('queue-operators', headers => { Accept => $_ }), 200, "$_ is fine") for '*/*', 'application/*', 'text/html, application/json;q=0.1';
    is_good($anna->get('queue-operators'), 200, 'no Accept is fine');
};

subtest 'HEAD and OPTIONS' => sub {
    my $head = $anna->call('HEAD', 'queue-operators');
    is($head->status, 200, 'HEAD is as GET');
    is($head->body, '', 'without a body');
    my $options = $anna->call('OPTIONS', 'take-free');
    like($options->status, qr/^20[04]$/, 'OPTIONS');
    like($options->header('Allow'), qr/\bPOST\b/, 'says what is allowed');
};

subtest 'HTTP 403: pages of other origins' => sub {
    my %cross = (Origin => 'https://evil.example', 'Sec-Fetch-Site' => 'cross-site');
    is_bad($anna->post('take-free', headers => \%cross), 403, 3, 'a cross-site POST changes nothing');
    is_bad($anna->post('take-free', headers => { Origin => 'https://evil.example' }), 403, 3, 'an Origin alone tells enough');
    is_bad($anna->call('DELETE', 'exit', headers => \%cross), 403, 3, 'nor a DELETE');
    is_bad($anna->post('take-free', headers => { 'Sec-Fetch-Site' => 'cross-site' }), 403, 3, 'nor one that tells its site alone');
    is($anna->get('queue-operators', headers => \%cross)->header('Access-Control-Allow-Origin'), undef, 'and may read nothing');
    my $own = 'http://127.0.0.1:' . server->port;
    is_good($anna->post('take-free', headers => { Host => '127.0.0.1:' . server->port, Origin => $own, 'Sec-Fetch-Site' => 'same-origin' }), 200,
        'our own page may');
    my $friends = place('friends');
    my $op = $friends->op('anna');
    my $answer = $op->post('take-free', headers => { Origin => 'https://app.example' });
    is_good($answer, 200, 'an allowed origin may');
    is($answer->header('Access-Control-Allow-Origin'), 'https://app.example', 'QT-68: and is named');
    is($answer->header('Access-Control-Allow-Credentials'), 'true', 'with credentials');
    like($answer->header('Vary') // '', qr/\bOrigin\b/i, 'Vary: Origin');
    is_bad($op->post('take-free', headers => \%cross), 403, 3, 'another may not');
    my $preflight = $op->call('OPTIONS', 'take-free', headers => { Origin => 'https://app.example', 'Access-Control-Request-Method' => 'POST',
        'Access-Control-Request-Headers' => 'content-type' });
    is($preflight->header('Access-Control-Allow-Origin'), 'https://app.example', 'a preflight is answered');
    like($preflight->header('Access-Control-Allow-Methods') // '', qr/POST/, 'with the method');
    like($preflight->header('Access-Control-Allow-Headers') // '', qr/content-type/i, 'with the header');
};

subtest 'HTTP 413, 415' => sub {
    my $small = place('small');
    is_bad($small->internal('POST', 'tasks', json => { payload => 'x' x 2000 }), 413, 7, 'a body over the limit');
    my $chunked = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } ('x' x 900) x 3, '';
    my $answer = $small->internal('POST', 'tasks', body => $chunked,
        headers => { 'Transfer-Encoding' => 'chunked', 'Content-Type' => 'application/json', 'Content-Length' => undef });
    is_bad($answer, 413, 7, 'without a Content-Length too');
    is_bad($place->internal('POST', 'tasks', body => '<x/>', headers => { 'Content-Type' => 'application/xml' }), 415, 8, 'XML');
    is_bad($place->internal('POST', 'tasks', body => '{}', headers => { 'Content-Type' => 'application/json; charset=utf-16' }), 415, 8, 'another charset');
    is_good($place->internal('POST', 'tasks', body => '{}', headers => { 'Content-Type' => 'Application/JSON; charset="UTF-8"' }), 201, 'the usual ones');
    is_bad($anna->reject('1', json => ['x']), 400, 1, 'a body that is no object');
};

subtest 'HTTP 503: the zone is full' => sub {
    my $full = place('full');
    my $op = $full->op('anna');
    my $stream = $op->stream;
    $full->wait_operator('anna', 'free');
    my ($added, $answer) = (0, undef);
    for (1 .. 3000) {
        $answer = $full->internal('POST', 'tasks', json => [map { { payload => 'x' x 12_000 } } 1 .. 5]);
        last if $answer->status != 201;
        $added += 5;
    }
    is_bad($answer, 503, 10, "after $added tasks of 12 KB a zone of 1 MB is full");
    ok($added >= 20, 'not before it has taken some');
    like($answer->header('Retry-After') // '', qr/^\d+$/, 'with Retry-After');
    my $task = $stream->wait_task->json->{taskId};
    1 while $full->add_task(payload => 'x')->status == 201;
    is_good($op->assign($task), 200, 'assigning works in a full zone');
    is_good($op->complete($task), 200, 'completing too');
    $task = $stream->wait_task->json->{taskId};
    is_good($op->reject($task), 200, 'rejecting too');
    is_good($full->withdraw($task), 200, 'withdrawing too');
    is($full->add_task(payload => 'x' x 8000)->status, 201, 'and what has ended makes room');
    $full->check_ok;
    $op->exit;
};

subtest 'bytes that are no request of ours' => sub {
    for my $bytes ("GET $place->{path}/api/wait-sse HTTP/1.1\r\nX-User: anna\r\n\r\n", "POST $place->{path}/internal/tasks HTTP/1.1\r\nHost: x\r\n"
            . "Content-Type: application/json\r\nContent-Length: -1\r\nConnection: close\r\n\r\n{}") {
        my $socket = connect_to(server->port);
        send_all($socket, $bytes, now() + 5);
        like(read_some($socket, now() + 5), qr{^HTTP/1\.1 400 }, 'is answered 400');
    }
    my $half = connect_to(server->port);
    send_all($half, "POST $place->{path}/internal/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"taskId\":\"half\"", now() + 5);
    close $half;
    is_bad($place->task('half'), 404, 4, 'half a request adds nothing');
};

$place->check_ok;
done_testing();

__DATA__
[friends]
QueueTasksAllowOrigin https://app.example https://other.example:8443
[small]
QueueTasksMaxBody 1k
[full]
QueueTasksZone errors-full 1m
