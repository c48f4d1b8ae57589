# A crowd of clients in one process: requests and streams under way together, so that their verbs meet in the server's children.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Children;
use strict;
use warnings;
use JSON::PP ();
use QueueTasks::Client qw(now connect_to send_all parse_head);
use QueueTasks::Stream ();
use Test::More;

# Nothing here waits by itself: what is to happen is told as calls, and wait_until() turns the wheel until a condition holds.

# A crowd at a place (QueueTasks::Place). dice: the seed of everything that is random here.
sub new
{
    my ($class, $place, $seed) = @_;
    srand $seed;
    return bless {
        place => $place, open => {}, timers => [], asks => {}, broken => 0, slowest => 0, operators => [], wrong => [],
        acked => {}, taken => {}, done => {}, seen => {},
    }, $class;
}

sub place { return $_[0]{place} }
# Requests whose connection broke before the answer was whole.
sub broken { return $_[0]{broken} }
# What the clients saw that may not be.
sub wrong { return @{ $_[0]{wrong} } }
sub operators { return @{ $_[0]{operators} } }
# Seconds that the slowest request took or, without an answer, has been waiting by now.
sub slowest
{
    my ($self) = @_;
    my ($oldest) = sort { $a <=> $b } map { $_->{began} } values %{ $self->{asks} };
    my $waiting = $oldest ? now() - $oldest : 0;
    return $waiting > $self->{slowest} ? $waiting : $self->{slowest};
}
# How often something happened, by its name.
sub seen { return $_[0]{seen}{ $_[1] } // 0 }
sub count { return $_[0]{seen}{ $_[1] }++ }
# Tasks that the server said it has; those that are done.
sub acked { return wantarray ? sort keys %{ $_[0]{acked} } : scalar keys %{ $_[0]{acked} } }
sub done { return scalar keys %{ $_[0]{done} } }

sub chance { return rand() < $_[1] }

# ---- the wheel ----

sub at
{
    my ($self, $delay, $call) = @_;
    push @{ $self->{timers} }, [now() + $delay, $call];
}

# Read from a socket as soon as something can be read.
sub watch
{
    my ($self, $socket, $call) = @_;
    $self->{open}{ fileno $socket } = $call;
}

sub forget
{
    my ($self, $socket) = @_;
    delete $self->{open}{ fileno $socket } if defined fileno $socket;
}

sub run_timers
{
    my ($self) = @_;
    my $now = now();
    my @due = sort { $a->[0] <=> $b->[0] } grep { $_->[0] <= $now } @{ $self->{timers} };
    @{ $self->{timers} } = grep { $_->[0] > $now } @{ $self->{timers} };
    $_->[1]->() for @due;
}

sub turn
{
    my ($self, $until) = @_;
    for (@{ $self->{timers} }) {
        $until = $_->[0] if $_->[0] < $until;
    }
    my ($bits, $left) = ('', $until - now());
    vec($bits, $_, 1) = 1 for keys %{ $self->{open} };
    my %were = %{ $self->{open} };
    if (0 < select $bits, undef, undef, $left > 0 ? $left : 0) {
        # One call may close what another was to read: then that is no longer in the list, or another's.
        for my $fd (grep { vec $bits, $_, 1 } keys %were) {
            my $call = $self->{open}{$fd};
            $call->() if $call && $call == $were{$fd};
        }
    }
    $self->run_timers;
}

# Turn until a condition holds or the time is up; the last truth.
sub wait_until
{
    my ($self, $seconds, $test) = @_;
    my $until = now() + $seconds;
    while (1) {
        my $truth = $test->();
        return $truth if $truth || now() > $until;
        my $next = now() + 0.05;
        $self->turn($next < $until ? $next : $until);
    }
}

# ---- requests ----

# The whole answer in what has come so far, or nothing.
sub whole
{
    my ($raw) = @_;
    my ($head, $rest) = split /\r\n\r\n/, $raw, 2;
    return if !defined $rest;
    my ($status, $headers) = parse_head($head);
    my $length = $headers->{'content-length'};
    return if !defined $length || length $rest < $length;
    return QueueTasks::Response->new(status => $status, headers => $headers, body => substr($rest, 0, $length), raw => $raw);
}

# The next answer on a connection that stays open.
sub read_whole
{
    my ($socket, $seconds) = @_;
    my ($raw, $until) = ('', now() + $seconds);
    while (1) {
        my $bytes = QueueTasks::Client::read_some($socket, $until) // die "no answer in time; so far: $raw";
        die "the connection broke; so far: $raw" if $bytes eq '';
        $raw .= $bytes;
        my $answer = whole($raw);
        return $answer if $answer;
    }
}

# call->(answer) once it is there, call->(undef) when the connection broke before; json => data, headers => {...}.
sub ask
{
    my ($self, $method, $path, %opt) = @_;
    my ($call, %headers) = ($opt{call}, %{ $opt{headers} || {} });
    my $body = exists $opt{json} ? JSON::PP->new->utf8->encode($opt{json}) : $method eq 'POST' ? '' : undef;
    $headers{'Content-Type'} = 'application/json' if exists $opt{json};
    $headers{'Content-Length'} = length $body if defined $body;
    my $ask = { socket => connect_to($self->{place}->server->port), raw => '', began => now(), call => $call };
    $self->{asks}{$ask} = $ask;
    $self->watch($ask->{socket}, sub { $self->read_answer($ask) });
    send_all($ask->{socket}, QueueTasks::Client::head_bytes($method, $self->{place}->path . "/$path", \%headers) . ($body // ''), now() + 5);
}

sub read_answer
{
    my ($self, $ask) = @_;
    my $n = sysread $ask->{socket}, my $bytes, 65536;
    $ask->{raw} .= $bytes if $n;
    my $answer = whole($ask->{raw});
    return if !$answer && ($n || $!{EAGAIN});
    $self->forget($ask->{socket});
    close $ask->{socket};
    delete $self->{asks}{$ask};
    my $took = now() - $ask->{began};
    $self->{slowest} = $took if $took > $self->{slowest};
    $self->{broken}++ if !$answer;
    $ask->{call}->($answer);
}

# The same again until an answer comes, however many children die: for what is idempotent.
sub insist
{
    my ($self, $method, $path, %opt) = @_;
    my $call = $opt{call};
    $self->ask($method, $path, %opt, call => sub {
        my ($answer) = @_;
        $answer && $answer->status ? $call->($answer) : $self->insist($method, $path, %opt);
    });
}

# Add a task; insist until the server has it.
sub add
{
    my ($self, $id, %more) = @_;
    $self->insist('POST', 'internal/tasks', json => { taskId => $id, %more }, call => sub { $self->added($id, $_[0]) });
}

sub added
{
    my ($self, $id, $answer) = @_;
    if ($answer->status == 201 || $answer->status == 200) {
        $self->{acked}{$id} = 1;
    } else {
        push @{ $self->{wrong} }, "adding $id: " . $answer->status . ' ' . $answer->body;
    }
}

# Back ends that add task after task, each the next soon after the last was acknowledged, but no faster than the operators work.
sub add_steadily
{
    my ($self, $backends, %task) = @_;
    $self->{adding} = \%task;
    $self->add_one for 1 .. $backends;
}

sub add_one
{
    my ($self) = @_;
    return if !$self->{adding};
    my $id = "steady-$$-" . ++$self->{steady};
    $self->insist('POST', 'internal/tasks', json => { taskId => $id, %{ $self->{adding} } }, call => sub {
        $self->added($id, $_[0]);
        $self->add_when_room;
    });
}

sub add_when_room
{
    my ($self) = @_;
    my $room = $self->acked - $self->done < 50;
    $self->at(rand 0.02, sub { $room ? $self->add_one : $self->add_when_room });
}

# Add no more, and wait until all that was added is done. Truth of it.
sub finish
{
    my ($self, $seconds) = @_;
    $self->{adding} = undef;
    return $self->wait_until($seconds, sub { $self->acked == $self->{steady} && $self->done == $self->{steady} });
}

# Requests that have no answer yet.
sub in_flight { return scalar keys %{ $_[0]{asks} } }

# Every operator has his stream, but for those who are away by their own will.
sub all_there { return !grep { !$_->there && !$_->away } $_[0]->operators }

# Every invariant of the zone holds, while all goes on. Truth of it.
sub check
{
    my ($self) = @_;
    my $answer;
    $self->insist('GET', 'internal/stats?check', call => sub { $answer = $_[0] });
    return 0 if !$self->wait_until(10, sub { $answer });
    return 1 if $answer->status == 200;
    push @{ $self->{wrong} }, 'the check says: ' . $answer->body;
    return 0;
}

# ---- what all of it came to ----

sub ended_once
{
    my ($self, $id) = @_;
    my $task = $self->{place}->task($id)->result or return "$id is lost";
    return "$id is $task->{state}" if $task->{state} ne 'done';
    my @past = @{ $task->{history} };
    my $last = pop @past;
    return "$id ended as $last->{outcome}" if $last->{outcome} ne 'completed';
    my @odd = grep { $_->{outcome} !~ /^(?:rejected|timeout|lost)$/ } @past;
    return "$id was $odd[0]{outcome} before" if @odd;
    return "$id was taken by @{ $self->{taken}{$id} }" if @{ $self->{taken}{$id} || [] } > 1;
    return "$id was taken by $self->{taken}{$id}[0], history says $last->{operatorId}"
        if $self->{taken}{$id} && $self->{taken}{$id}[0] ne $last->{operatorId};
    return "$id was offered $task->{attempt} times, history has " . @{ $task->{history} } if $task->{attempt} != @{ $task->{history} };
    return;
}

# Tasks of which the server's account is not: assigned once, to the one who was told so, and done.
sub not_once
{
    my ($self) = @_;
    return map { $self->ended_once($_) } $self->acked;
}

# Tests of what must hold after any such story, whatever happened in it.
sub reckon
{
    my ($self) = @_;
    my $place = $self->{place};
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok($self->slowest, '<', 5, sprintf 'the slowest answer took %.2f s', $self->slowest);
    is_deeply([$self->wrong], [], 'no answer was one that may not be');
    is_deeply([$self->not_once], [], 'every acknowledged task was assigned once, to the one who was told so, and is done');
    ok($self->wait_until(10, sub { !grep { !$_->there } $self->operators }), 'all operators are there');
    my @queue = map { $_->{operatorId} } $place->operators;
    is_deeply([sort @queue], [sort map { $_->user } $self->operators], 'each has one place in the queue');
    ok($self->wait_until(5, sub { $place->internal('GET', 'stats')->result->{streams} == $self->operators }), 'and one stream')
        or diag($place->internal('GET', 'stats')->body);
    $place->check_ok;
}

# What each of these tasks is doing, for a report of what went wrong.
sub fates
{
    my ($self) = @_;
    return map { my $task = $self->{place}->task($_)->result; "$_ " . JSON::PP->new->canonical->encode($task || 'is lost') }
        grep { !$self->{done}{$_} } $self->acked;
}

# ---- operators ----

# An operator who has a stream, his first one in this `child` if there is one, and decides by the dice. habits: labels, and how
# likely he is to reject, ignore, vanish (0..1); he assigns otherwise.
sub operator
{
    my ($self, $user, %habits) = @_;
    my ($labels, $child) = delete @habits{qw(labels child)};
    my $op = bless { crowd => $self, op => $self->{place}->op($user, labels => $labels), user => $user, habits => \%habits, busy => {} }, 'QueueTasks::Children::Operator';
    push @{ $self->{operators} }, $op;
    $op->come($child);
    return $op;
}

package QueueTasks::Children::Operator;
use strict;
use warnings;
use QueueTasks::Client qw(now);

sub user { return $_[0]{user} }
sub stream { return $_[0]{stream} }
# Whether he is away by his own will.
sub away { return $_[0]{away} }
# Whether his stream is open, as far as he knows.
sub there { return $_[0]{stream} && $_[0]{stream}->status && !$_[0]{stream}{closed} }

sub come
{
    my ($self, $child) = @_;
    my ($crowd, $op) = @$self{qw(crowd op)};
    my $stream = $op->start_stream(child => $child);
    $self->{stream} = $stream;
    $self->{away} = 0;
    my $socket = $stream->socket;
    $crowd->watch($socket, sub { $self->hear($stream) });
}

sub leave
{
    my ($self) = @_;
    my $stream = delete $self->{stream} or return;
    $self->{crowd}->forget($stream->socket);
    $stream->disconnect;
}

sub hear
{
    my ($self, $stream) = @_;
    1 while $stream->pump(now());
    while (my $event = shift @{ $stream->{events} }) {
        $self->offered($event->json) if $event->type eq 'task';
        $self->closed($event->json) if $event->type eq 'closed';
        # He may have gone while he decided.
        return if !$self->{stream} || $self->{stream} != $stream;
    }
    if ($stream->{closed} || $stream->ended_well) {
        $self->{crowd}->count($stream->ended_well ? 'ended well' : 'cut off');
        $self->leave;
        # The next turn: an EventSource, too, comes back when its stream is over.
        $self->{crowd}->at(0, sub { $self->come if !$self->{stream} });
    }
}

sub decide
{
    my ($self, $verb, $task, $call) = @_;
    my $path = 'api/' . $task->{taskId} . "/$verb?offer=$task->{offer}";
    $self->{crowd}->ask('POST', $path, headers => $self->{op}{headers}, call => $call);
}

# A choice by the dice among what he is likely to do.
sub choice
{
    my ($self) = @_;
    my $dice = rand;
    for my $habit (sort keys %{ $self->{habits} }) {
        return $habit if ($dice -= $self->{habits}{$habit}) < 0;
    }
    return 'assign';
}

sub offered
{
    my ($self, $task) = @_;
    my $crowd = $self->{crowd};
    $crowd->count('task events');
    return if $self->{busy}{ $task->{offer} };
    my $choice = $self->choice;
    $crowd->count($choice);
    # What he lets lie he may click when it is too late.
    $self->{lying}{ $task->{taskId} } = $task->{offer} if $choice eq 'ignore';
    return if $choice eq 'ignore';
    return $self->vanish if $choice eq 'vanish';
    return $self->reject($task) if $choice eq 'reject';
    $self->assign($task);
}

# Away, for a time that is sometimes shorter and sometimes longer than the grace.
sub vanish
{
    my ($self) = @_;
    $self->leave;
    $self->{away} = 1;
    $self->{crowd}->at(rand(0.5), sub { $self->come if !$self->{stream} });
}

sub closed
{
    my ($self, $event) = @_;
    my ($crowd, $offer) = ($self->{crowd}, delete $self->{lying}{ $event->{taskId} });
    return if !$offer || !$crowd->chance(0.3);
    $crowd->count('late click');
    $self->decide('assign', { taskId => $event->{taskId}, offer => $offer }, sub {
        my ($answer) = @_;
        push @{ $crowd->{wrong} }, "$self->{user}: a late click on $event->{taskId} got " . $answer->status if $answer && $answer->status != 410;
    });
}

sub reject
{
    my ($self, $task) = @_;
    $self->{busy}{ $task->{offer} } = 1;
    $self->decide('reject', $task, sub {
        my ($answer) = @_;
        return $self->reject($task) if !$answer;
        delete $self->{busy}{ $task->{offer} };
        $self->{crowd}->count('reject: ' . $answer->status);
        push @{ $self->{crowd}{wrong} }, "$self->{user}: reject $task->{taskId} got " . $answer->status if $answer->status !~ /^(?:200|410)$/;
    });
}

sub assign
{
    my ($self, $task) = @_;
    $self->{busy}{ $task->{offer} } = 1;
    $self->decide('assign', $task, sub {
        my ($answer) = @_;
        return $self->ask_whose($task) if !$answer;
        my $status = $answer->status;
        $self->{crowd}->count("assign: $status");
        return $self->work($task) if $status == 200;
        delete $self->{busy}{ $task->{offer} };
        push @{ $self->{crowd}{wrong} }, "$self->{user}: assign $task->{taskId} got $status" if $status != 410;
    });
}

# The answer was lost with the child that gave it: is the task his?
sub ask_whose
{
    my ($self, $task) = @_;
    $self->{crowd}->insist('GET', "internal/tasks/$task->{taskId}", call => sub {
        my $is = $_[0]->result;
        my $his = $is && ($is->{operatorId} // '') eq $self->{user};
        return $self->work($task) if $his && $is->{state} eq 'assigned';
        return $self->assign($task) if $his && $is->{state} eq 'offered';
        delete $self->{busy}{ $task->{offer} };
        push @{ $self->{crowd}{wrong} }, "$task->{taskId} is lost" if !$is;
    });
}

# It is his: he completes it, at times only after he has been away.
sub work
{
    my ($self, $task) = @_;
    my $crowd = $self->{crowd};
    push @{ $crowd->{taken}{ $task->{taskId} } }, $self->{user};
    if ($self->{habits}{vanish} && $crowd->chance($self->{habits}{vanish})) {
        $crowd->count('vanish with a task');
        $self->vanish;
        $crowd->at(rand(0.5), sub { $self->complete($task, 0) });
    } else {
        $self->complete($task, 0);
    }
}

sub complete
{
    my ($self, $task, $again) = @_;
    my $crowd = $self->{crowd};
    $self->decide('complete', $task, sub {
        my ($answer) = @_;
        return $self->complete($task, 1) if !$answer;
        delete $self->{busy}{ $task->{offer} };
        # After an answer that was lost the second one may say that nothing is left to complete.
        if ($answer->status == 200 || ($again && $answer->status == 410)) {
            $crowd->{done}{ $task->{taskId} } = 1;
        } else {
            push @{ $crowd->{wrong} }, "$self->{user}: complete $task->{taskId} got " . $answer->status;
        }
    });
}

1;
