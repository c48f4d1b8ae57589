# A server with a host application in it (mod_qt_testhost.c): its gate, what it was asked, and calls that take long.
# SPDX-License-Identifier: Apache-2.0
package Host;
use strict;
use warnings;
use Fcntl qw(O_NONBLOCK O_WRONLY);
use JSON::PP ();
use POSIX ();
use QueueTasks::Client qw(now request);
use QueueTasks::Server ();
use QueueTasks::Source qw(top);
use QueueTasks::Stream ();

sub module { return top() . '/build/testhost/mod_qt_testhost.so' }

# The place /q in the zone "default", and what `conf` adds. The other options are QueueTasks::Server's.
sub start
{
    my ($class, %opt) = @_;
    my $more = delete $opt{conf} // '';
    my $server = QueueTasks::Server->start(%opt, conf => sub {
        my $root = $_[0]->root;
        POSIX::mkfifo("$root/gate", 0600) or die "$root/gate: $!";
        return 'LoadModule qt_testhost_module ' . module() . "\n" . <<"CONF" . place_conf('q') . $more;
QtTestHostGate $root/gate
QueueTasksUser "%{req:X-User}"
QueueTasksLabels "%{req:X-Labels}"
QueueTasksDecisionWindow 20s
QueueTasksReconnectGrace 300ms
QueueTasksKeepAlive 200ms
QueueTasksRetry 100ms
<Location "/host">
    SetHandler qt-testhost
</Location>
CONF
    });
    return bless { server => $server }, $class;
}

# The two Locations of a place, with lines of its own.
sub place_conf
{
    my ($name, @lines) = @_;
    my %serves = (api => 'operator', internal => 'publish admin');
    return join '', map {
        join "\n", "<Location \"/$name/$_\">", '    SetHandler queuetasks', "    QueueTasksServe $serves{$_}", (map { "    $_" } @lines), "</Location>\n"
    } sort keys %serves;
}

sub server { return $_[0]{server} }

# ---- what the host was asked ----

# From now on: the questions after this are those that asked() tells.
sub listen
{
    my ($self) = @_;
    $self->{offset} = $self->{server}->log_size;
}

# ["can_wait anna", "try_assign anna 20", ...] since listen().
sub asked
{
    my ($self) = @_;
    return [$self->{server}->log_text($self->{offset} // 0) =~ /testhost: ((?:can_wait|try_assign) [^,\n]*?)(?:, referer.*)?$/mg];
}

# ---- the gate ----

# Wait until somebody stands at the gate: only then can a FIFO be opened for writing without waiting. Truth of it.
sub someone_waits
{
    my ($self) = @_;
    return $self->{server}->wait_for(10, sub {
        sysopen my $gate, $self->{server}->root . '/gate', O_WRONLY | O_NONBLOCK or return 0;
        $self->{gate} = $gate;
    }) ? 1 : 0;
}

# Who stands there is told a letter: y(es), t(aken), n(ot him), s(ilence).
sub let_go
{
    my ($self, $letter) = @_;
    return $self->someone_waits && 1 == (syswrite($self->{gate}, $letter) // 0);
}

# ---- calls that take long ----

# A request of an operator that is sent and not waited for: answer() waits.
sub later
{
    my ($self, $op, $method, $path) = @_;
    return QueueTasks::Stream->start($self->{server}->port, "$op->{place}{path}/api/$path", method => $method,
        headers => { %{ $op->{headers} }, Accept => '*/*', Connection => 'close', $method eq 'POST' ? ('Content-Length' => 0) : () });
}

sub answer
{
    my ($self, $call) = @_;
    $call->closed_within(10) or die "no answer in time to $call->{path}; so far: " . $call->wire;
    return QueueTasks::Response->new(status => $call->status // 0, headers => $call->{headers}, body => $call->raw, raw => $call->wire);
}

# Whether nothing of the answer has come by now.
sub unanswered
{
    my ($self, $call) = @_;
    1 while $call->pump(now());
    return $call->wire eq '' && !$call->{closed};
}

# ---- the functions ----

# add(task, zone => name, thread => 1): the host calls queuetasks_add with this object, or text. (status, why)
sub add
{
    my ($self, $task, %opt) = @_;
    return $self->call_function('POST', ref $task ? JSON::PP->new->utf8->canonical->encode($task) : $task, %opt);
}

sub withdraw
{
    my ($self, $id, %opt) = @_;
    return $self->call_function('DELETE', $id, %opt);
}

sub call_function
{
    my ($self, $method, $task, %opt) = @_;
    my %headers = ('X-Task' => $task, defined $opt{zone} ? ('X-Zone' => $opt{zone}) : (), $opt{thread} ? ('X-Thread' => 1) : ());
    my $answer = request($self->{server}->port, $method, '/host', headers => \%headers);
    return split /\n/, $answer->body, 2;
}

1;
