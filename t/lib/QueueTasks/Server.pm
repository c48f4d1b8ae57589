# One httpd under test: the shared one that Apache::Test started, or a private one; its children, signals and log.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Server;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX ();
use QueueTasks::Client qw(now request);
use QueueTasks::Source qw(top make_says);

# Modules of a server under test, besides the MPM; those that the server has built in are left out.
our @MODULES = qw(
    authn_core authn_file authz_core authz_host authz_user auth_basic access_compat alias allowmethods deflate dir env filter
    headers http2 info macro mime reqtimeout rewrite setenvif socache_shmcb ssl status unixd log_config
);

sub httpd { return $ENV{QT_HTTPD} ||= make_says('HTTPD') }
sub modules_dir { return $ENV{QT_MODULES} ||= make_says('LIBEXECDIR') }
sub module { return top() . '/build/mod_queuetasks.so' }

# LoadModule lines for an MPM and the modules above.
sub load_lines
{
    my ($mpm, @more) = @_;
    my $dir = modules_dir();
    my %built_in = map { /mod_(\w+)\.c/ ? ($1 => 1) : () } qx(@{[httpd()]} -l 2>/dev/null);
    my @names = grep { !$built_in{$_} && -f "$dir/mod_$_.so" } "mpm_$mpm", @MODULES, @more;
    return join '', map { "LoadModule ${_}_module $dir/mod_$_.so\n" } @names;
}

# The shared server.
my $shared;
sub shared
{
    return $shared ||= do {
        require Apache::Test;
        my $vars = Apache::Test::vars();
        bless { port => $vars->{port}, log => "$vars->{t_logs}/error_log", pid_file => $vars->{t_pid_file}, logs => $vars->{t_logs} }, __PACKAGE__;
    };
}

sub free_port
{
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Proto => 'tcp') or die "no free port: $@";
    return $socket->sockport;
}

# A directory for one server's own files, short enough for sockets.
sub new_root
{
    my $base = $ENV{QT_SCRATCH} || top() . '/build/scratch';
    make_path($base);
    my $root = tempdir('server-XXXXXX', DIR => $base, CLEANUP => 0);
    make_path("$root/logs", "$root/htdocs");
    open my $out, '>', "$root/htdocs/index.html" or die "$root/htdocs/index.html: $!";
    print $out "<!-- An ordinary page. -->\n";
    close $out;
    return $root;
}

# The two Locations that most private servers have: /q/api, which serves this to callers, and /q/internal for the back end.
sub pair
{
    my ($serves) = @_;
    return <<"CONF";
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe $serves
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
CONF
}

# Configuration of a private server: conf => lines, serves => sections of a pair of Locations, mpm, children, threads, load => 0 leaves our
# module out, more => [modules].
sub write_conf
{
    my (%opt) = @_;
    my $root = $opt{root};
    my ($children, $threads) = ($opt{children} // 2, $opt{threads} // 4);
    my $mpm = $opt{mpm} // 'event';
    # ServerLimit leaves room for children that a graceful restart has yet to end.
    my %sizes = (
        event => "StartServers $children\nServerLimit @{[4 * $children]}\nThreadsPerChild $threads\nThreadLimit $threads\nMaxRequestWorkers "
            . $children * $threads . "\nMinSpareThreads 1\nMaxSpareThreads " . $children * $threads . "\nAsyncRequestWorkerFactor 400\n",
        prefork => "StartServers $children\nServerLimit $children\nMaxRequestWorkers $children\nMinSpareServers 1\nMaxSpareServers $children\n",
    );
    $sizes{worker} = $sizes{event} =~ s/^Async.*\n//mr;
    my $text = load_lines($mpm, @{ $opt{more} || [] })
        . ($opt{load} // 1 ? 'LoadModule queuetasks_module ' . module() . "\n" : '')
        . "ServerRoot $root\nDefaultRuntimeDir $root/logs\nPidFile $root/logs/httpd.pid\nErrorLog $root/logs/error_log\n"
        . "CustomLog $root/logs/access_log \"%t %a %u \\\"%r\\\" %>s %B\"\nServerName localhost\nLogLevel info\nDocumentRoot $root/htdocs\nDirectoryIndex index.html\n"
        . "CoreDumpDirectory $root/logs\nListen 127.0.0.1:$opt{port}\nTypesConfig /dev/null\n"
        . $sizes{$mpm} . ($opt{conf} // '') . ($opt{serves} ? pair($opt{serves}) : '');
    open my $out, '>', "$root/httpd.conf" or die "$root/httpd.conf: $!";
    print $out $text;
    close $out;
    return "$root/httpd.conf";
}

# Whether the server accepts a configuration: (exit status 0?, what it said).
sub check_conf
{
    my (%opt) = @_;
    my $conf = write_conf(root => new_root(), port => 9, %opt);
    my $said = qx(@{[httpd()]} -t -f $conf 2>&1);
    return ($? == 0, $said);
}

# Start a private server and wait until it answers. nofile => n: with so many descriptors at most.
sub start
{
    my ($class, %opt) = @_;
    my $self = bless { root => new_root(), port => free_port(), owner => $$ }, $class;
    $self->{logs} = "$self->{root}/logs";
    @$self{qw(log pid_file)} = ("$self->{logs}/error_log", "$self->{logs}/httpd.pid");
    $opt{conf} = $opt{conf}->($self) if ref $opt{conf} eq 'CODE';
    $self->{limit} = $opt{nofile} ? "ulimit -n $opt{nofile};" : '';
    $self->{conf} = write_conf(root => $self->{root}, port => $self->{port}, %opt);
    $self->run_control('start') or die "the server does not start: $self->{said}" . $self->log_text;
    $self->wait_for(20, sub { $self->answers && $self->children >= ($opt{children} // 2) }) or die 'the server does not answer: ' . $self->log_text;
    return $self;
}

sub run_control
{
    my ($self, $verb) = @_;
    $self->{said} = qx($self->{limit} @{[httpd()]} -k $verb -f $self->{conf} 2>&1);
    return $? == 0;
}

sub port { return $_[0]{port} }
sub root { return $_[0]{root} }

sub answers
{
    my ($self) = @_;
    return eval { request($self->{port}, 'GET', '/', deadline => 2)->status };
}

# Poll a condition of the outside world (a process, a file) until it holds; the last truth.
sub wait_for
{
    my ($self, $seconds, $test) = @_;
    my $until = now() + $seconds;
    while (1) {
        my $truth = $test->();
        return $truth if $truth || now() > $until;
        select undef, undef, undef, 0.02;
    }
}

sub pid
{
    my ($self) = @_;
    open my $in, '<', $self->{pid_file} or return 0;
    my $pid = <$in>;
    return $pid ? 0 + $pid : 0;
}

# Pids of the children that are alive, of any generation.
sub children
{
    my ($self) = @_;
    my $parent = $self->pid or return ();
    my @children;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in> // next;
        my ($pid, $state, $ppid) = $line =~ /^(\d+) \(.*\) (\w) (\d+)/ or next;
        push @children, $pid if $ppid == $parent && $state ne 'Z';
    }
    @children = sort { $a <=> $b } @children;
    return @children;
}

# Threads of all children together.
sub threads
{
    my ($self) = @_;
    my $n = 0;
    for my $pid ($self->children) {
        my @tasks = glob "/proc/$pid/task/*";
        $n += @tasks;
    }
    return $n;
}

# The child that serves the connection of a stream: found by its socket's inode.
sub child_of
{
    my ($self, $stream) = @_;
    my ($mine, $port) = ($stream->local_port, $self->{port});
    my $inode;
    for my $file ('/proc/net/tcp', '/proc/net/tcp6') {
        open my $in, '<', $file or next;
        while (my $line = <$in>) {
            my @f = split ' ', $line;
            my ($local, $remote) = map { ($_ // '') =~ /:(\w{4})$/ ? hex $1 : 0 } @f[1, 2];
            $inode = $f[9] if $local == $port && $remote == $mine;
        }
    }
    return undef if !$inode;
    for my $pid ($self->children) {
        for my $fd (glob "/proc/$pid/fd/*") {
            return $pid if (readlink $fd // '') eq "socket:[$inode]";
        }
    }
    return undef;
}

# What `connect` opens, a stream that waits for no answer yet, is accepted by this child. Which one does is the kernel's choice, and on a
# busy machine it is the same one over and over: the others are halted while it chooses. Nothing may be asked then: they may have the lock.
sub in_child
{
    my ($self, $child, $connect) = @_;
    for (1 .. 20) {
        my @others = grep { $_ != $child } $self->children;
        kill 'STOP', @others;
        my $made = eval { $connect->() };
        my $there = $made && $self->wait_for(10, sub { $self->child_of($made) });
        kill 'CONT', @others;
        return $made if $there && $there == $child;
        $made->disconnect if $made;
    }
    die "child $child accepts nothing";
}

# Kill one child and wait until it is gone and another stands in its place.
sub kill_child
{
    my ($self, $pid, $signal) = @_;
    my $were = $self->children;
    kill $signal // 'KILL', $pid;
    return $self->wait_for(20, sub { my @now = $self->children; !(grep { $_ == $pid } @now) && @now >= $were });
}

# Ask for a graceful restart and wait until a new generation answers. The old one may still have streams to end.
sub graceful
{
    my ($self, $seconds) = @_;
    my $offset = -s $self->{log};
    my %old = map { $_ => 1 } $self->children;
    kill 'USR1', $self->pid;
    return $self->wait_for($seconds // 20, sub {
        $self->log_text($offset) =~ /resuming normal operations/ && (grep { !$old{$_} } $self->children) && $self->answers;
    });
}

# What processes are doing that should be gone by now; without a debugger nothing is told.
sub tell_stacks
{
    my ($self, @pids) = @_;
    return if !-x '/usr/bin/gdb';
    for my $pid (grep { kill 0, $_ } @pids) {
        print STDERR map { "# $pid: $_" } grep { /^(?:Thread|#)/ } `gdb -batch -p $pid -ex 'thread apply all bt 16' 2>/dev/null`;
    }
}

# Stop a private server; false when it does not end in time (then it is killed). httpd itself kills a child after ten seconds: what
# such a one is doing is told before.
sub stop
{
    my ($self, $seconds) = @_;
    my $pid = $self->pid or return 1;
    my @all = ($pid, $self->children);
    kill 'TERM', $pid;
    $seconds //= 15;
    my $until = now() + $seconds;
    my $test = sub { !grep { kill 0, $_ } @all };
    my $gone = $self->wait_for($seconds < 6 ? $seconds : 6, $test);
    if (!$gone) {
        $self->tell_stacks(@all);
        $gone = $self->wait_for($until - now(), $test);
    }
    kill 'KILL', @all if !$gone;
    unlink $self->{pid_file};
    return $gone;
}

# The error log from a byte on.
sub log_text
{
    my ($self, $offset) = @_;
    open my $in, '<:raw', $self->{log} or return '';
    seek $in, $offset // 0, 0;
    local $/;
    return scalar(<$in>) // '';
}

sub log_size { return -s $_[0]{log} || 0 }

# Wait until a pattern stands in the log behind an offset.
sub wait_log
{
    my ($self, $pattern, $offset, $seconds) = @_;
    return $self->wait_for($seconds // 10, sub { $self->log_text($offset) =~ $pattern });
}

# Lines of a server's logs that nobody expected: errors, crashes, sanitizers' reports, cores.
sub bad_signs
{
    my ($self, @expected) = @_;
    my @lines = grep { /:(?:error|crit|alert|emerg)\]|exit signal|AddressSanitizer|runtime error:|Assertion|\*\*\* / } split /\n/, $self->log_text;
    push @lines, map { "core $_" } glob("$self->{logs}/core*"), glob("$self->{logs}/../core*");
    return grep { my $line = $_; !grep { $line =~ $_ } @expected } @lines;
}

sub DESTROY
{
    my ($self) = @_;
    local ($?, $!);
    $self->stop if $self->{conf} && $self->{owner} == $$ && $self->pid;
}

1;
