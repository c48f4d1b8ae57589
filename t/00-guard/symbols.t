# The module shows the server one symbol.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(top);

my $module = top() . '/build/mod_queuetasks.so';
ok(-f $module, 'the module is built');
my @symbols = map { (split / /)[-1] } split /\n/, qx(nm -D --defined-only "$module");
# A sanitizer's own marks are not ours.
@symbols = grep { !/^__(?:asan|ubsan|odr_asan|start_|stop_)/ } @symbols;
is_deeply(\@symbols, ['queuetasks_module'], 'exactly queuetasks_module is exported');
done_testing();
