# A stream read by curl: for what a plain socket can't speak (TLS, HTTP/2, compression), with the body's bytes decoded.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Curl;
use strict;
use warnings;
use POSIX ();
use QueueTasks::Client qw(now read_some);

# open(user, port, path): query, base ("https://host:port"), curl => [options], headers => [...].
sub open
{
    my ($class, %opt) = @_;
    my $base = $opt{base} // "http://127.0.0.1:$opt{port}";
    my $url = $base . $opt{path} . ($opt{query} ? "?$opt{query}" : '');
    my @headers = map { ('-H', $_) } 'Accept: text/event-stream', defined $opt{user} ? "X-User: $opt{user}" : (), @{ $opt{headers} || [] };
    pipe my $from, my $to or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDOUT, '>&', $to or POSIX::_exit(126);
        exec 'curl', '-sNki', '--max-time', 60, @headers, @{ $opt{curl} || [] }, $url or POSIX::_exit(127);
    }
    close $to;
    $from->blocking(0);
    return bless { pid => $pid, from => $from, all => '', over => 0 }, $class;
}

# One read. False when the time is up or nothing more comes.
sub pump
{
    my ($self, $until) = @_;
    return 0 if $self->{over};
    my $bytes = read_some($self->{from}, $until) // return 0;
    if ($bytes eq '') {
        waitpid $self->{pid}, 0;
        @$self{qw(over status)} = (1, $?);
        return 0;
    }
    $self->{all} .= $bytes;
    return 1;
}

# The last head (a redirection's stand before it) and what came after it.
sub parts
{
    my ($self) = @_;
    my $rest = $self->{all};
    my $head = '';
    while ($rest =~ s{\A(HTTP/\S+ \d+.*?\r\n\r\n)}{}s) {
        $head = $1;
    }
    return ($head, $rest);
}

sub head { return ($_[0]->parts)[0] }
sub text { return ($_[0]->parts)[1] }
# curl's exit status, once it is over.
sub status { return $_[0]{status} }

sub wait_text
{
    my ($self, $pattern, $seconds) = @_;
    my $until = now() + $seconds;
    while ($self->text !~ $pattern) {
        $self->pump($until) or return 0;
    }
    return 1;
}

sub over_within
{
    my ($self, $seconds) = @_;
    my $until = now() + $seconds;
    while ($self->pump($until)) {
    }
    return $self->{over};
}

sub leave
{
    my ($self) = @_;
    return if $self->{over};
    kill 'TERM', $self->{pid};
    $self->over_within(5);
}

sub DESTROY
{
    my ($self) = @_;
    local ($?, $!);
    if (!$self->{over}) {
        kill 'KILL', $self->{pid};
        waitpid $self->{pid}, 0;
    }
}

1;
