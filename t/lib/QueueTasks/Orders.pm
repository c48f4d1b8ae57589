# Orders to die, for children that run the module of t/50-children/die_in_verb.c: how many, and within how many touches.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Orders;
use strict;
use warnings;
use QueueTasks::Source qw(top);

sub new
{
    my ($class) = @_;
    my $module = top() . '/build/unit/mod_queuetasks_kill.so';
    die "no $module to die in" if !-f $module;
    return bless { module => $module }, $class;
}

# The lines of configuration that load the module, for a server that starts without it (load => 0).
sub place
{
    my ($self, $server) = @_;
    $ENV{QT_KILL_FILE} = $server->root . '/orders';
    open $self->{file}, '+>:raw', $ENV{QT_KILL_FILE} or die "$ENV{QT_KILL_FILE}: $!";
    $self->give(0, 1);
    return <<"CONF";
LoadModule queuetasks_module $self->{module}
# A child that is missing is replaced even when httpd gives up doing that at once.
MinSpareThreads 13
MaxSpareThreads 16
CONF
}

sub give
{
    my ($self, $left, $span) = @_;
    sysseek $self->{file}, 0, 0;
    syswrite $self->{file}, pack('LL', $left, $span);
}

# How many have yet to die.
sub left
{
    my ($self) = @_;
    sysseek $self->{file}, 0, 0;
    sysread $self->{file}, my $bytes, 4;
    return unpack 'L', $bytes;
}

1;
