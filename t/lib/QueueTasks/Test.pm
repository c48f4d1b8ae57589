# The words of the tests: places, operators, back ends, and what an answer must look like.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Test;
use strict;
use warnings;
use utf8;
use Exporter 'import';
use JSON::PP ();
use Test::More;
use QueueTasks::Client qw(now request);
use QueueTasks::Places ();
use QueueTasks::Server ();
use QueueTasks::Stream ();

# A test file begins with `use QueueTasks::Test;` and so has its places (QueueTasks::Places) under the shared server.
our @EXPORT = (@Test::More::EXPORT, qw(place is_good is_bad is_error_free is_quiet fresh_id now server uri));

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

sub server { return QueueTasks::Server::shared() }

# A place of this test file by its name ("main"), or one of any server: place(name, server => ..., path => ...).
sub place
{
    my ($name, %opt) = @_;
    my $zone = QueueTasks::Places::name_of($0);
    return bless { server => $opt{server} // server(), path => $opt{path} // "/$zone/" . ($name // 'main') }, 'QueueTasks::Place';
}

my $count = 0;
# An id that no other test uses.
sub fresh_id
{
    my ($prefix) = @_;
    return ($prefix // 'task') . "-$$-" . ++$count;
}

# Percent-encode a path segment or query value.
sub uri
{
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

# The four members, always and no others.
sub envelope_ok
{
    my ($answer) = @_;
    my $json = $answer->json;
    return ref $json eq 'HASH' && join(',', sort keys %$json) eq 'error,errorCode,result,success' && JSON::PP::is_bool($json->{success})
        && $json->{errorCode} =~ /^\d+$/ && (defined $json->{error} ? !ref $json->{error} : 1);
}

sub explain_answer
{
    my ($answer) = @_;
    diag('answer: ' . $answer->status . ' ' . $answer->body);
    return 0;
}

# 2xx, in the envelope, with success.
sub is_good
{
    my ($answer, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $answer->json;
    return ok($answer->status == $status && envelope_ok($answer) && $json->{success} && !defined $json->{error} && $json->{errorCode} == 0
        && ($answer->header('Content-Type') // '') =~ m{^application/json}, $name) || explain_answer($answer);
}

# An error of api.md's table: HTTP status, errorCode, text.
sub is_bad
{
    my ($answer, $status, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $answer->json;
    return ok($answer->status == $status && envelope_ok($answer) && !$json->{success} && length($json->{error} // '') && $json->{errorCode} == $code
        && !defined $json->{result}, $name) || explain_answer($answer);
}

# Nothing comes on a stream for a while.
sub is_quiet
{
    my ($stream, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $event = $stream->wait_event(deadline => 0.3);
    return ok(!$event, $name) || diag($event->raw);
}

# Nothing unexpected stands in a private server's log.
sub is_error_free
{
    my ($server, $name, @expected) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply([$server->bad_signs(@expected)], [], $name);
}

package QueueTasks::Place;
use strict;
use warnings;
use QueueTasks::Client qw(now request);

sub server { return $_[0]{server} }
sub path { return $_[0]{path} }

# The operator of a name: op('anna', labels => 'a,b', headers => {...}).
sub op
{
    my ($self, $user, %opt) = @_;
    my %headers = (defined $user ? ('X-User' => $user) : (), defined $opt{labels} ? ('X-Labels' => $opt{labels}) : (), %{ $opt{headers} || {} });
    utf8::encode($_) for values %headers;
    return bless { place => $self, user => $user, headers => \%headers }, 'QueueTasks::Op';
}

# A request to the publish and admin sections.
sub internal
{
    my ($self, $method, $path, %opt) = @_;
    return request($self->{server}->port, $method, "$self->{path}/internal/$path", %opt);
}

# A request to the operator section, as nobody unless headers say otherwise.
sub api
{
    my ($self, $method, $path, %opt) = @_;
    return request($self->{server}->port, $method, "$self->{path}/api/$path", %opt);
}

# POST tasks: one task from its members.
sub add_task
{
    my ($self, %task) = @_;
    return $self->internal('POST', 'tasks', json => \%task);
}

# The same, which must go well; gives the id.
sub added
{
    my ($self, %task) = @_;
    my $answer = $self->add_task(%task);
    die 'could not add a task: ' . $answer->status . ' ' . $answer->body if $answer->status != 201 && $answer->status != 200;
    return $answer->result->{taskId};
}

sub task { return $_[0]->internal('GET', 'tasks/' . QueueTasks::Test::uri($_[1])) }
sub withdraw { return $_[0]->internal('DELETE', 'tasks/' . QueueTasks::Test::uri($_[1])) }

# A task's state, or undef when there is none.
sub state
{
    my ($self, $id) = @_;
    my $result = $self->task($id)->result;
    return $result ? $result->{state} : undef;
}

# Wait until a task is in a state; the server decides when, we only look. Truth of it.
sub wait_state
{
    my ($self, $id, $state, $seconds) = @_;
    my $until = now() + ($seconds // 5);
    while (1) {
        my $is = $self->state($id) // '';
        return 1 if $is eq $state;
        return 0 if now() > $until;
        select undef, undef, undef, 0.02;
    }
}

# The queue as a list, or the entry of one operator.
sub operators
{
    my ($self) = @_;
    return @{ $self->op('onlooker')->get('queue-operators')->result || [] };
}

sub operator
{
    my ($self, $user) = @_;
    my ($one) = grep { $_->{operatorId} eq $user } $self->operators;
    return $one;
}

# Wait until an operator has a status ('' = has no entry). Truth of it.
sub wait_operator
{
    my ($self, $user, $status, $seconds) = @_;
    my $until = now() + ($seconds // 5);
    while (1) {
        my $one = $self->operator($user);
        return 1 if ($one ? $one->{status} : '') eq $status;
        return 0 if now() > $until;
        select undef, undef, undef, 0.02;
    }
}

# POST topics/{topic}: its data, and type, key, ... as parameters. Gives the answer.
sub publish
{
    my ($self, $topic, $data, %parameters) = @_;
    my $query = join '&', map { "$_=" . QueueTasks::Test::uri($parameters{$_}) } sort keys %parameters;
    return $self->internal('POST', "topics/$topic" . ($query ? "?$query" : ''), body => $data);
}

# The same, which must go well; gives the id.
sub published
{
    my ($self, @message) = @_;
    my $answer = $self->publish(@message);
    die 'could not publish: ' . $answer->status . ' ' . $answer->body if $answer->status != 200;
    return $answer->result->{id};
}

# POST users/{id}/messages, or, without an id, to all. Gives the answer.
sub notify
{
    my ($self, $user, $data, %parameters) = @_;
    my $query = join '&', map { "$_=" . QueueTasks::Test::uri($parameters{$_}) } sort keys %parameters;
    my $path = defined $user ? 'users/' . QueueTasks::Test::uri($user) . '/messages' : 'users/messages';
    return $self->internal('POST', $path . ($query ? "?$query" : ''), body => $data);
}

# POST queues/{id}/messages: a text, or a list of anything JSON. Gives the answer.
sub push_to
{
    my ($self, $queue, $what) = @_;
    return $self->internal('POST', 'queues/' . QueueTasks::Test::uri($queue) . '/messages', ref $what ? (json => $what) : (body => $what));
}

sub close_queue { return $_[0]->internal('POST', 'queues/' . QueueTasks::Test::uri($_[1]) . '/close') }

# Wait until an entry of a list of the admin section (users, queues, ...) is so. Truth of it.
sub wait_entry
{
    my ($self, $list, $test, $seconds) = @_;
    my $until = now() + ($seconds // 5);
    while (1) {
        return 1 if grep { $test->($_) } @{ $self->internal('GET', $list)->result || [] };
        return 0 if now() > $until;
        select undef, undef, undef, 0.02;
    }
}

# Every invariant of the zone holds.
sub check_ok
{
    my ($self, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $answer = $self->internal('GET', 'stats?check');
    return Test::More::ok($answer->status == 200 && $answer->json && $answer->json->{success}, $name // 'every invariant of the zone holds')
        || QueueTasks::Test::explain_answer($answer);
}

package QueueTasks::Op;
use strict;
use warnings;
use QueueTasks::Client qw(request);
use QueueTasks::Stream ();

sub user { return $_[0]{user} }

sub call
{
    my ($self, $method, $path, %opt) = @_;
    return $self->{place}->api($method, $path, %opt, headers => { %{ $self->{headers} }, %{ $opt{headers} || {} } });
}

sub get { my ($self, $path, %opt) = @_; return $self->call('GET', $path, %opt) }
sub post { my ($self, $path, %opt) = @_; return $self->call('POST', $path, %opt) }

# POST {taskId}/VERB with an optional offer token and body.
sub decide
{
    my ($self, $verb, $task, %opt) = @_;
    my $query = defined $opt{offer} ? '?offer=' . QueueTasks::Test::uri($opt{offer}) : '';
    return $self->post(QueueTasks::Test::uri($task) . "/$verb$query", exists $opt{json} ? (json => $opt{json}) : ());
}

sub assign { my ($self, $task, %opt) = @_; return $self->decide('assign', $task, %opt) }
sub reject { my ($self, $task, %opt) = @_; return $self->decide('reject', $task, %opt) }
sub complete { my ($self, $task, %opt) = @_; return $self->decide('complete', $task, %opt) }
sub extend { my ($self, $task, %opt) = @_; return $self->decide('extend', $task, %opt) }
sub release { my ($self, $task, %opt) = @_; return $self->decide('release', $task, %opt) }
sub take_free { return $_[0]->post('take-free') }
sub pause { return $_[0]->post('pause') }
sub ready { return $_[0]->post('ready') }
sub exit { return $_[0]->call('DELETE', 'exit') }
sub my_tasks { return @{ $_[0]->get('my-tasks')->result || [] } }

# GET of any stream: listen('events?topic=a', last => id), with its head read. child => pid: in this child of the server.
sub listen
{
    my ($self, $what, %opt) = @_;
    my $stream = $self->start_listening($what, %opt);
    $stream->wait_head($opt{deadline}) or die "no head in time for $what of " . $self->user . '; so far: ' . $stream->wire;
    return $stream;
}

# The same without waiting for the head.
sub start_listening
{
    my ($self, $what, %opt) = @_;
    my $server = $self->{place}{server};
    my %headers = (%{ $self->{headers} }, defined $opt{last} ? ('Last-Event-ID' => $opt{last}) : (), %{ $opt{headers} || {} });
    my $start = sub { QueueTasks::Stream->start($server->port, "$self->{place}{path}/api/$what", %opt, headers => \%headers) };
    return $opt{child} ? $server->in_child($opt{child}, $start) : $start->();
}

# GET queues/{id}/messages as a poll; query => 'format=joined' adds to it. Gives the answer.
sub poll
{
    my ($self, $queue, %opt) = @_;
    return $self->get('queues/' . QueueTasks::Test::uri($queue) . '/messages?mode=poll' . ($opt{query} ? "&$opt{query}" : ''), %opt);
}

# GET wait-sse.
sub stream { my ($self, %opt) = @_; return $self->listen('wait-sse' . ($opt{query} ? "?$opt{query}" : ''), %opt) }
sub start_stream { my ($self, %opt) = @_; return $self->start_listening('wait-sse' . ($opt{query} ? "?$opt{query}" : ''), %opt) }

1;
