# The quick start as it is: the script that `make run` calls, the page in Chromium, the curl line it prints, and its end.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use IO::Socket::INET ();
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Node qw(stories);
use QueueTasks::Server ();
use QueueTasks::Source qw(top);

# The script starts the distribution's own httpd, which can't load a sanitized module; operator.t drives the page there.
plan skip_all => 'the quick start has no sanitizers' if $ENV{SANITIZE};

my $port = QueueTasks::Server::free_port();
my $pid = open(my $out, '-|') // die "fork: $!";
if ($pid == 0) {
    @ENV{qw(PORT BUILD)} = ($port, 'build');
    exec 'sh', top() . '/conf/quickstart.sh' or die "sh: $!";
}

# It prints all at once when the server answers, or ends.
my $said = '';
my $ready = eval {
    local $SIG{ALRM} = sub { die "late\n" };
    alarm 60;
    while (my $line = <$out>) {
        $said .= $line;
        last if $line =~ /Ctrl-C stops/;
    }
    alarm 0;
    $said =~ /Ctrl-C stops/;
};
ok($ready, 'it says when it is ready') or diag($said);
my ($url) = $said =~ m{(http://127\.0\.0\.1:$port)/\s};
my ($curl) = $said =~ /^\s*(curl -X POST .*)$/m;
ok($url, 'it prints the page');
ok($curl, 'it prints a line that adds a task');
ok(stories('run.mjs', QT_URL => $url // '', QT_CURL => $curl // ''), 'every story came true');

kill 'TERM', $pid;
my $ended = eval {
    local $SIG{ALRM} = sub { die "late\n" };
    alarm 30;
    $said .= $_ while <$out>;
    alarm 0;
    close $out;
    1;
};
ok($ended, 'it ends when it is told to');
is($?, 0, 'in good order');
like($said, qr/stopped/, 'and says so');
ok(!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 2), 'nobody listens any more');
done_testing();
