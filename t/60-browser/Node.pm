# Runs a file of stories in Node and shows what it says as a subtest.
# SPDX-License-Identifier: Apache-2.0
package Node;
use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(dirname);

our @EXPORT_OK = qw(stories);

# Whether every assertion of the file held; %env is its environment besides ours. A machine without Node is a failure, not a skip.
sub stories
{
    my ($file, %env) = @_;
    my ($node) = grep { -x } map { ("$_/node", "$_/nodejs") } split /:/, $ENV{PATH} or die "Node is not installed\n";
    local @ENV{ keys %env } = values %env;
    open my $out, '-|', $node, dirname(__FILE__) . "/$file" or die "$node: $!\n";
    local $| = 1;
    print "    $_" while <$out>;
    return close $out;
}

1;
