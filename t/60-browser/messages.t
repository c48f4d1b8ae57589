# The rules of the clients of messages in a made-up world: clock, network and streams come from the test; messages.mjs tells the stories.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib $FindBin::Bin;
use Node qw(stories);

ok(stories('messages.mjs'), 'every story came true');
done_testing();
