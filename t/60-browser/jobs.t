# The page of jobs and messages in Chromium, and the demo job from shells, served as the quick start serves them; jobs.mjs tells the stories.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Node qw(stories);
use Quickstart qw(serve);
use QueueTasks::Source qw(top);

my $server = serve();
my %world = (QT_URL => 'http://127.0.0.1:' . $server->port, QT_PID => $server->pid, QT_TOP => top());
ok(stories('jobs.mjs', %world), 'every story came true');
# AH01630: the stranger's name that the publishing Location refuses on purpose.
is_deeply([$server->bad_signs(qr/AH01630/)], [], 'and the log has nothing to complain of');
ok($server->stop, 'the server stops');
done_testing();
