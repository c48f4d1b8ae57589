# Prints every test in the order in which the suite runs it; arguments (folders or files under t/) choose a part.
# SPDX-License-Identifier: Apache-2.0
set -u
cd "$(dirname "$0")/../.." || exit 1

everything()
{
    for folder in t/00-guard t/10-unit t/20-config t/30-tasks t/35-host t/40-streams t/45-messages t/50-children t/60-browser t/80-issues t/90-load; do
        if [ "$folder" = t/10-unit ]; then
            for unit in t/10-unit/*.c; do
                [ -f "$unit" ] && echo "build/unit/$(basename "$unit" .c)"
            done
            # The fuzzers' corpora, played again.
            for fuzzer in t/fuzz/*_fuzz.c; do
                [ -f "$fuzzer" ] && echo "build/replay/$(basename "$fuzzer" .c)"
            done
        fi
        [ -d "$folder" ] && find "$folder" -name '*.t' | LC_ALL=C sort
    done
    # Last: stops the server and reads its log.
    echo t/lib/verdict.t
}

if [ $# -eq 0 ]; then
    everything
    exit 0
fi
everything | while read -r test; do
    for part in "$@"; do
        part=${part%/}
        case $test in
        "$part" | "$part"/* | t/lib/verdict.t) echo "$test"; break ;;
        build/replay/*) case $part in t/fuzz | "t/fuzz/$(basename "$test").c") echo "$test"; break ;; esac ;;
        build/unit/*) case $part in t/10-unit | "t/10-unit/$(basename "$test").c") echo "$test"; break ;; esac ;;
        esac
    done
done
