# The shipped configurations are taken by the server as they stand.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Server ();
use QueueTasks::Source qw(top slurp files);

my $reference = slurp('conf/queuetasks.conf');
my ($good, $said) = QueueTasks::Server::check_conf(conf => $reference);
ok($good, 'conf/queuetasks.conf') or diag($said);

# Every example in it that is commented out, taken alone, is one that the server takes.
my %tried;
for my $line ($reference =~ /^[ \t]*#[ \t]?[ \t]*(QueueTasks[A-Z]\w*[ \t]+\S.*)$/mg) {
    next if $line =~ /[.:]$/ || $tried{$line}++;
    ($good, $said) = QueueTasks::Server::check_conf(conf => "<Location /x>\n$line\n</Location>\n");
    ($good, $said) = QueueTasks::Server::check_conf(conf => "$line\n") if !$good;
    ok($good, "the example $line") or diag($said);
}

# quickstart.conf with what its script defines.
my $root = QueueTasks::Server::new_root();
my %define = (ROOT => $root, WEB => top() . '/web', MODULES => QueueTasks::Server::modules_dir(), BUILT => QueueTasks::Server::module(), PORT => 9,
    RUN_USER => 'nobody', RUN_GROUP => 'nogroup');
my $defines = join ' ', map { "-C 'Define $_ $define{$_}'" } sort keys %define;
$said = qx(@{[QueueTasks::Server::httpd()]} $defines -t -f @{[top()]}/conf/quickstart.conf 2>&1);
is($?, 0, 'conf/quickstart.conf') or diag($said);

my $load = slurp('conf/queuetasks.load');
like($load, qr/^LoadModule queuetasks_module \S+mod_queuetasks\.so$/m, 'conf/queuetasks.load loads the module');
done_testing();
