# A plain HTTP/1.1 client with deadlines: one connection a request, bytes as they are.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Client;
use strict;
use warnings;
use Errno qw(EAGAIN EINPROGRESS EINTR);
use Exporter 'import';
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Time::HiRes ();

our @EXPORT_OK = qw(now connect_to send_all read_some request parse_head basic);

# Everything answers within this, or the test is wrong.
our $DEADLINE = 10;

sub now { return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }

sub basic
{
    my ($user, $password) = @_;
    return 'Basic ' . encode_base64("$user:$password", '');
}

sub connect_to
{
    my ($port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => $DEADLINE)
        or die "no connection to port $port: $@";
    $socket->blocking(0);
    binmode $socket;
    return $socket;
}

sub ready
{
    my ($socket, $write, $until) = @_;
    my $left = $until - now();
    return 0 if $left <= 0;
    my $bits = '';
    vec($bits, fileno $socket, 1) = 1;
    return 0 < select $write ? undef : $bits, $write ? $bits : undef, undef, $left;
}

sub send_all
{
    my ($socket, $bytes, $until) = @_;
    local $SIG{PIPE} = 'IGNORE';
    while (length $bytes) {
        my $n = syswrite $socket, $bytes;
        if (defined $n) {
            substr $bytes, 0, $n, '';
        } elsif ($! != EAGAIN && $! != EINTR) {
            return 0;
        } elsif (!ready($socket, 1, $until)) {
            return 0;
        }
    }
    return 1;
}

# Bytes as soon as there are some; '' at the end of the stream, undef when none came in time.
sub read_some
{
    my ($socket, $until) = @_;
    while (1) {
        my $n = sysread $socket, my $bytes, 65536;
        return $bytes if defined $n;
        return '' if $! != EAGAIN && $! != EINTR;
        return undef if !ready($socket, 0, $until);
    }
}

# (status, {header => value, repeated ones joined}) of a head without its empty line.
sub parse_head
{
    my ($head) = @_;
    my ($first, @lines) = split /\r\n/, $head;
    my %headers;
    for (@lines) {
        my ($name, $value) = /^([^:]+):[ \t]*(.*?)[ \t]*$/ or next;
        $name = lc $name;
        $headers{$name} = defined $headers{$name} ? "$headers{$name}, $value" : $value;
    }
    my ($status) = ($first // '') =~ m{^HTTP/1\.[01] (\d{3})};
    return ($status // 0, \%headers);
}

sub head_bytes
{
    my ($method, $path, $headers) = @_;
    my %all = ('Host' => '127.0.0.1', 'Connection' => 'close', %$headers);
    return join "\r\n", "$method $path HTTP/1.1", (map { "$_: $all{$_}" } grep { defined $all{$_} } sort keys %all), '', '';
}

sub unchunk
{
    my ($body) = @_;
    my $plain = '';
    while ($body =~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $n = hex $1;
        last if $n == 0;
        $plain .= substr $body, 0, $n, '';
        $body =~ s/^\r\n//;
    }
    return $plain;
}

# request(port, method, path, headers => {}, body => bytes, json => data): {status, headers, body, raw}.
sub request
{
    my ($port, $method, $path, %opt) = @_;
    my %headers = %{ $opt{headers} || {} };
    my $body = $opt{body};
    if (exists $opt{json}) {
        $body = JSON::PP->new->utf8->canonical->allow_nonref->encode($opt{json});
        $headers{'Content-Type'} //= 'application/json';
    }
    $headers{'Content-Length'} //= length $body if defined $body;
    my $until = now() + ($opt{deadline} // $DEADLINE);
    my $socket = connect_to($port);
    send_all($socket, head_bytes($method, $path, \%headers) . ($body // ''), $until);
    my $raw = '';
    while (1) {
        my $bytes = read_some($socket, $until) // die "no answer in time to $method $path; so far: $raw";
        last if $bytes eq '';
        $raw .= $bytes;
    }
    my ($head, $rest) = split /\r\n\r\n/, $raw, 2;
    my ($status, $got) = parse_head($head // '');
    $rest //= '';
    $rest = unchunk($rest) if ($got->{'transfer-encoding'} // '') =~ /chunked/i;
    return QueueTasks::Response->new(status => $status, headers => $got, body => $rest, raw => $raw);
}

package QueueTasks::Response;
use strict;
use warnings;

sub new
{
    my ($class, %self) = @_;
    return bless {%self}, $class;
}

sub status { return $_[0]{status} }
sub body { return $_[0]{body} }
sub header { return $_[0]{headers}{ lc $_[1] } }

# The envelope, or undef when the body is no JSON.
sub json
{
    my ($self) = @_;
    return $self->{json} //= eval { JSON::PP->new->utf8->decode($self->{body}) };
}

sub result
{
    my ($self) = @_;
    my $json = $self->json;
    return ref $json eq 'HASH' ? $json->{result} : undef;
}

1;
