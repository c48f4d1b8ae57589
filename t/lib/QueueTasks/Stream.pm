# An event stream's client: reads exactly what Server-Sent Events says, keeps the bytes, waits with deadlines.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Stream;
use strict;
use warnings;
use JSON::PP ();
use QueueTasks::Client qw(now connect_to send_all read_some parse_head);

# open(port, path, headers => {}, method, version): connects, sends the request, waits for the head.
sub open
{
    my ($class, $port, $path, %opt) = @_;
    my $self = $class->start($port, $path, %opt);
    $self->wait_head($opt{deadline}) or die "no head in time for $path; so far: $self->{wire}";
    return $self;
}

# The same without waiting for the head.
sub start
{
    my ($class, $port, $path, %opt) = @_;
    my %headers = (Host => '127.0.0.1', Accept => 'text/event-stream', %{ $opt{headers} || {} });
    my $method = $opt{method} // 'GET';
    my $version = $opt{version} // '1.1';
    my $self = bless {
        socket => connect_to($port), wire => '', in => '', body => '', text => '', events => [], comments => [],
        retry => undef, last_id => '', closed => 0, path => $path,
    }, $class;
    my $head = join "\r\n", "$method $path HTTP/$version", (map { "$_: $headers{$_}" } grep { defined $headers{$_} } sort keys %headers), '', '';
    send_all($self->{socket}, $head, now() + $QueueTasks::Client::DEADLINE) or die "could not send the request for $path";
    return $self;
}

sub status { return $_[0]{status} }
sub header { return $_[0]{headers}{ lc $_[1] } }
# Every byte of the body so far, chunks joined.
sub raw { return $_[0]{body} }
# Every byte of the connection so far.
sub wire { return $_[0]{wire} }
sub retry { return $_[0]{retry} }
sub comments { return @{ $_[0]{comments} } }
sub last_id { return $_[0]{last_id} }
# 1: ended as HTTP wants it, 0: not ended or cut off.
sub ended_well { return $_[0]{ended} ? 1 : 0 }
sub socket { return $_[0]{socket} }

# Our own port: what the server sees of us.
sub local_port { return $_[0]{socket}->sockport }

sub disconnect
{
    my ($self) = @_;
    close $self->{socket};
    $self->{closed} = 1;
}

# One read; 1 when something moved, 0 when the time is up or all is over.
sub pump
{
    my ($self, $until) = @_;
    return 0 if $self->{closed};
    my $bytes = read_some($self->{socket}, $until) // return 0;
    if ($bytes eq '') {
        $self->{closed} = 1;
        $self->{ended} = 1 if $self->{headers} && !$self->{chunked} && !defined $self->{headers}{'content-length'};
        return 1;
    }
    $self->{wire} .= $bytes;
    $self->{in} .= $bytes;
    $self->digest;
    return 1;
}

sub digest
{
    my ($self) = @_;
    if (!$self->{headers}) {
        return unless $self->{in} =~ s/^(.*?)\r\n\r\n//s;
        @$self{qw(status headers)} = parse_head($1);
        $self->{chunked} = ($self->{headers}{'transfer-encoding'} // '') =~ /chunked/i;
    }
    if ($self->{chunked}) {
        while ($self->{in} =~ /^([0-9a-fA-F]+)[^\r\n]*\r\n/) {
            my ($line, $n) = (length $&, hex $1);
            last if length $self->{in} < $line + $n + 2;
            $self->{ended} = 1 if $n == 0;
            $self->feed(substr $self->{in}, $line, $n);
            die 'a chunk without its end' if "\r\n" ne substr $self->{in}, $line + $n, 2;
            substr $self->{in}, 0, $line + $n + 2, '';
        }
    } else {
        $self->feed($self->{in});
        $self->{in} = '';
        my $length = $self->{headers}{'content-length'};
        $self->{ended} = 1 if defined $length && length $self->{body} >= $length;
    }
}

# Body bytes into lines, lines into events. Our module ends lines in LF alone; any CR is kept and so shows in a test.
sub feed
{
    my ($self, $bytes) = @_;
    $self->{body} .= $bytes;
    $self->{text} .= $bytes;
    while ($self->{text} =~ s/^(.*?)\n//) {
        $self->line($1);
    }
}

sub line
{
    my ($self, $line) = @_;
    my $open = $self->{open} //= { type => '', data => undef, raw => '' };
    $open->{raw} .= "$line\n";
    if ($line eq '') {
        delete $self->{open};
        return if !defined $open->{data};
        $open->{type} = 'message' if $open->{type} eq '';
        $open->{id} = $self->{last_id};
        $open->{at} = now();
        push @{ $self->{events} }, bless $open, 'QueueTasks::Event';
        return;
    }
    my ($field, $value) = $line =~ /^([^:]*)(?::[ ]?(.*))?$/s;
    $value //= '';
    if ($field eq '') {
        push @{ $self->{comments} }, $value;
    } elsif ($field eq 'data') {
        $open->{data} = defined $open->{data} ? "$open->{data}\n$value" : $value;
    } elsif ($field eq 'event') {
        $open->{type} = $value;
    } elsif ($field eq 'id') {
        $self->{last_id} = $value;
    } elsif ($field eq 'retry' && $value =~ /^\d+$/) {
        $self->{retry} = $value;
    }
}

sub until_true
{
    my ($self, $seconds, $test) = @_;
    my $until = now() + ($seconds // $QueueTasks::Client::DEADLINE);
    while (1) {
        my $value = $test->();
        return $value if $value;
        next if $self->pump($until);
        return $test->();
    }
}

sub wait_head
{
    my ($self, $seconds) = @_;
    return $self->until_true($seconds, sub { $self->{headers} });
}

# The next event (of a type), with those before it dropped into {passed}; undef when none came in time.
sub wait_event
{
    my ($self, %want) = @_;
    my $found = $self->until_true($want{deadline}, sub {
        while (my $event = shift @{ $self->{events} }) {
            if ((!defined $want{type} || $event->{type} eq $want{type}) && (!$want{where} || $want{where}->($event))) {
                return $event;
            }
            push @{ $self->{passed} }, $event;
        }
        return undef;
    });
    return $found;
}

# A task event, whatever keep-alives come before it.
sub wait_task
{
    my ($self, %want) = @_;
    return $self->wait_event(type => 'task', %want);
}

# The next n events, or as many as came in time.
sub next_events
{
    my ($self, $n, $seconds) = @_;
    my @events;
    while (@events < $n && (my $event = $self->wait_event(deadline => $seconds // 5))) {
        push @events, $event;
    }
    return @events;
}

# Events that have come by now, without waiting.
sub seen
{
    my ($self, $type) = @_;
    1 while $self->pump(now());
    return grep { !defined $type || $_->{type} eq $type } @{ $self->{events} };
}

# Whether the body matches a pattern in time.
sub wait_raw
{
    my ($self, $pattern, $seconds) = @_;
    return $self->until_true($seconds, sub { $self->{body} =~ $pattern });
}

# Whether it was told to come back later: that comes with the first bytes, or not at all.
sub is_busy
{
    my ($self) = @_;
    return $self->wait_raw(qr/^:/m) && $self->{body} =~ /^event: busy$/m;
}

# Whether the server ends the stream in time; events that come before it are kept.
sub closed_within
{
    my ($self, $seconds) = @_;
    return $self->until_true($seconds, sub { $self->{closed} || $self->{ended} });
}

package QueueTasks::Event;
use strict;
use warnings;

sub type { return $_[0]{type} }
sub data { return $_[0]{data} }
sub id { return $_[0]{id} }
# The event's bytes with its empty line, and comments that stood in it.
sub raw { return $_[0]{raw} }
sub json { return $_[0]{json} //= JSON::PP->new->utf8->allow_nonref->decode($_[0]{data}) }

1;
