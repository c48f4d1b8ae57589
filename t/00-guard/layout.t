# The house's layout: what may stand at the top, that every test is run, no mark of unfinished work, no trace of the machine.
# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use QueueTasks::Source qw(files slurp top);

my %allowed = map { $_ => 1 } qw(mod_queuetasks.c src include t conf Makefile.apxs README.md CHANGES LICENSE docs web build);
opendir my $dir, top() or die $!;
my @entries = grep { !/^\.\.?$/ } readdir $dir;
ok(scalar @entries, 'the top level is there');
is_deeply([sort grep { !$allowed{$_} && !/^\./ } @entries], [], 'nothing stands at the top that has no place there');

my %folder = map { $_ => 1 } qw(00-guard 10-unit 20-config 30-tasks 35-host 40-streams 45-messages 50-children 60-browser 80-issues 90-load lib conf fuzz bench debug);
is_deeply([grep { m{^t/([^/]+)/} && !$folder{$1} } files(qr{^t/})], [], 'every folder of t/ is a known one');

# The list that the suite runs, against the files that are there.
my %run = map { $_ => 1 } split /\n/, qx(cd "${\top()}" && sh t/lib/list.sh);
my @tests = files(qr{^t/.*\.t$});
my @units = files(qr{^t/10-unit/.*\.c$});
ok(scalar @tests, 'there are tests');
ok(scalar @units, 'there are unit programs');
is_deeply([grep { !$run{$_} } @tests], [], 'every .t is run');
is_deeply([grep { m{([^/]+)\.c$}; !$run{"build/unit/$1"} } @units], [], 'every unit program is run');
my @fuzzers = grep { $_ ne 't/fuzz/replay.c' } files(qr{^t/fuzz/[^/]*\.c$});
ok(scalar @fuzzers, 'there are fuzzers');
is_deeply([grep { m{([^/]+)\.c$}; !$run{"build/replay/$1"} } @fuzzers], [], 'the corpus of every fuzzer is replayed');
is_deeply([grep { m{([^/]+)\.c$}; my $name = $1; !files(qr{^t/fuzz/corpus/\Q$name\E/}) } @fuzzers], [], 'and there is one');

# Spelt in pieces, so that this file does not find itself.
my %never = (
    'mark of unfinished work' => join('|', map { "\\b$_\\b" } 'TO' . 'DO', 'FIX' . 'ME', 'X' . 'XX\b(?!X)', 'HA' . 'CK', 'not ' . 'implemented', 'unim' . 'plemented'),
    'path of a machine' => join('|', '(?<![\w.*"$}])/' . 'wo' . 'rk/', '(?<![\w.$}])/' . 'ho' . 'me/\w', '(?<![\w.$}])/' . 'ro' . 'ot/\w', '(?<![\w.$}])/' . 'tm' . 'p/\w'),
    'host of a registry' => join('|', 'regis' . 'try\.(?![ch]\b)', 'np' . 'mjs\.', 'py' . 'pi\.', 'crates\.' . 'io', 'deb\.' . 'debian\.', 'proxy\.go' . 'lang', 'artif' . 'actory', 'mir' . 'rors?\.'),
);
my $read = 0;
for my $what (sort keys %never) {
    my @found;
    for my $path (grep { $_ ne 'LICENSE' && !m{^t/fuzz/corpus/} } files(qr{.})) {
        my $text = slurp($path);
        next if $text =~ /\0/;
        $read++;
        my $line = 0;
        for (split /\n/, $text) {
            $line++;
            push @found, "$path:$line" if /$never{$what}/;
        }
    }
    is_deeply(\@found, [], "no $what");
}
ok($read, 'files were read');
done_testing();
