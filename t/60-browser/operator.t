# The operator's page in Chromium, served as the quick start serves it but for shorter times; operator.mjs tells the stories.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib", $FindBin::Bin;
use Node qw(stories);
use Quickstart qw(serve);

my $server = serve();
ok(stories('operator.mjs', QT_URL => 'http://127.0.0.1:' . $server->port, QT_PID => $server->pid), 'every story came true');
# AH01617, AH01618: the password that is wrong on purpose.
is_deeply([$server->bad_signs(qr/AH0161[78]/)], [], 'and the log has nothing to complain of');
ok($server->stop, 'the server stops, with pages open until just now');
done_testing();
