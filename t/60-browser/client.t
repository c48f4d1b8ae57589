# The browser client's rules in a made-up world: clock, network and streams come from the test; client.mjs tells the stories.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib $FindBin::Bin;
use Node qw(stories);

ok(stories('client.mjs'), 'every story came true');
done_testing();
