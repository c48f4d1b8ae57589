# The tree of sources as the guards see it: files by kind, floors, text without comments.
# SPDX-License-Identifier: Apache-2.0
package QueueTasks::Source;
use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(dirname);
use File::Find ();
use File::Spec;

our @EXPORT_OK = qw(top files slurp code floor_of below_wall builds @FLOORS make_says);

# Bottom to top; the wall stands above `store`. The face is mod_queuetasks.c.
our @FLOORS = qw(base wire core ipc journal store config stream http server);
my %below = map { $_ => 1 } qw(base wire core ipc journal store);

my $top = File::Spec->rel2abs(File::Spec->catdir(dirname(__FILE__), '..', '..', '..'));
1 while $top =~ s{/[^/.]+/\.\.(?=/|$)}{};

sub top { return $top }

# Every file of the project by its path from the top: all but what the build made, and what Apache::Test makes in the copy where tests run.
my @all;
sub all_files
{
    return @all if @all;
    File::Find::find({ no_chdir => 1, wanted => sub {
        my $path = File::Spec->abs2rel($File::Find::name, $top);
        if ($path =~ m{^(?:\.git|build|t/logs|t/htdocs|t/state)$}) {
            $File::Find::prune = 1;
        } elsif (-f $File::Find::name && $path !~ m{^t/conf/.*(?<!\.in)$}) {
            push @all, $path;
        }
    } }, $top);
    @all = sort @all;
    return @all;
}

# files(qr/pattern/): paths that match.
sub files
{
    my ($pattern) = @_;
    return grep { $_ =~ $pattern } all_files();
}

sub slurp
{
    my ($path) = @_;
    open my $in, '<:raw', File::Spec->catfile($top, $path) or die "$path: $!";
    local $/;
    return scalar <$in>;
}

# C text with comments blanked (line numbers stay); strings stay.
sub code
{
    my ($path) = @_;
    my $text = slurp($path);
    $text =~ s{("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|/\*(.*?)\*/|//[^\n]*}
              { defined $1 ? $1 : do { my $c = $2 // ''; $c =~ s/[^\n]//g; " $c" } }gse;
    return $text;
}

sub floor_of
{
    my ($path) = @_;
    return $path =~ m{^src/([^/]+)/} ? $1 : $path eq 'mod_queuetasks.c' ? 'face' : undef;
}

sub below_wall { return $below{ $_[0] // '' } }

# A value of the build as make sees it.
sub make_says
{
    my ($name) = @_;
    my $line = qx(cd "$top" && make --no-print-directory -s -f Makefile.apxs --eval='say: ; \@echo "\$($name)"' say 2>/dev/null);
    chomp $line;
    return $line;
}

1;
