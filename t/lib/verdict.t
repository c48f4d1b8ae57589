# The last test: the shared server stops in time, and neither its log nor a core nor a sanitizer tells of trouble.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib $FindBin::Bin;
use QueueTasks::Client qw(now);
use QueueTasks::Server ();
use QueueTasks::Source qw(files slurp);

# A test that provokes a line in the shared server's log says so: "# expect-log: PATTERN" in its file.
my @expected = map { my $text = slurp($_); map { qr/$_/ } $text =~ /^# expect-log: (.+)$/mg } files(qr{^t/\d\d-.*\.t$});

if ($ENV{QT_STARTED}) {
    my $server = QueueTasks::Server::shared();
    my $pid = $server->pid;
    ok($pid && kill(0, $pid), 'the shared server has lived through all tests');
    my $began = now();
    ok($server->stop(20), 'the shared server stops in time') and note(sprintf 'in %.1f s', now() - $began);
    ok($server->log_size, 'it has a log');
    is_deeply([$server->bad_signs(@expected)], [], 'nothing in its log that no test expects');
}
my @reports = $ENV{QT_REPORTS} ? glob "$ENV{QT_REPORTS}/*" : ();
diag(do { local (@ARGV, $/) = ($_); <> }) for @reports;
is_deeply(\@reports, [], 'no sanitizer has a report');
done_testing();
