# Log numbers: every line at info and above has one, and no two places share one.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files code);

my (%places, @wrong, @without, @foreign);
for my $path (files(qr{^(?:src/.*|mod_queuetasks)\.[ch]$})) {
    my $text = code($path);
    while ($text =~ /\bQT(\d+)\b|\bQTLOGNO\((\d+)\)/g) {
        my $number = $1 // $2;
        my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        push @wrong, "$path:$line QT$number" if length $number != 5;
        push @{ $places{$number} }, "$path:$line";
    }
    push @foreign, $path if $text =~ /\bAPLOGNO\b/;
    while ($text =~ /\bap_log_(?:r|c|rc|s|p)?error\s*\((.*?)\)\s*;/gs) {
        my ($call, $at) = ($1, $-[0]);
        next if $call =~ /APLOG_(?:TRACE\d|DEBUG)/ || $call =~ /QT\d{5}|QTLOGNO/ || $call !~ /APLOG_/;
        push @without, $path . ':' . (1 + (substr($text, 0, $at) =~ tr/\n//));
    }
}
ok(scalar keys %places, 'there are log numbers');
is_deeply(\@foreign, [], 'no number of httpd itself');
is_deeply(\@wrong, [], 'log numbers have five digits');
is_deeply([grep { @{ $places{$_} } > 1 } sort keys %places], [], 'one place per log number')
    or diag(map { "QT$_: @{ $places{$_} }\n" } grep { @{ $places{$_} } > 1 } sort keys %places);
is_deeply(\@without, [], 'every line at info or above has its number');
done_testing();
