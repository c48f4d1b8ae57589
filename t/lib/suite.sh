# Runs the suite over a copy of the tree, as an ordinary user even when root calls; arguments choose a part (t/lib/list.sh).
# SPDX-License-Identifier: Apache-2.0
set -u

# ---- inside the copy, as an ordinary user ----
inside()
{
    mkdir -p build/tmp build/san build/scratch
    export TMPDIR="$PWD/build/tmp" QT_SCRATCH="$PWD/build/scratch" QT_REPORTS="$PWD/build/san"
    if [ -n "${SANITIZE:-}" ]; then
        sanitized_server
    fi
    tests=$(sh t/lib/list.sh "$@")
    # shellcheck disable=SC2086
    if grep -lq '^use QueueTasks::Test' $(echo "$tests" | grep '\.t$' | grep -v verdict); then
        perl t/TEST -start-httpd >build/start.log 2>&1 || { cat build/start.log t/logs/error_log; echo "the server does not start"; return 1; }
        export QT_STARTED=1
    fi
    # shellcheck disable=SC2086
    prove ${V:+-v} --timer $tests </dev/null
    status=$?
    [ -z "${QT_STARTED:-}" ] || [ ! -f t/logs/httpd.pid ] || perl t/TEST -stop-httpd >>build/start.log 2>&1
    return $status
}

# The stock httpd with the sanitizers' runtime loaded first; their reports become files that the verdict reads.
sanitized_server()
{
    export ASAN_OPTIONS="detect_leaks=0:log_path=$QT_REPORTS/report" UBSAN_OPTIONS="print_stacktrace=1:log_path=$QT_REPORTS/report"
    httpd=$QT_HTTPD
    printf '# The server under sanitizers.\nLD_PRELOAD="%s" exec "%s" "$@"\n' "$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)" "$httpd" >build/httpd
    sed -i '1i #!/bin/sh' build/httpd
    chmod +x build/httpd
    export QT_HTTPD="$PWD/build/httpd"
}

# ---- outside ----
copy_tree()
{
    tar -cf - --exclude=./.git --exclude=./build . | tar -xf - -C "$copy" || return 1
    mkdir -p "$copy/build"
    for part in mod_queuetasks.so unit testhost replay; do
        [ ! -e "$build/$part" ] || cp -R "$build/$part" "$copy/build/" || return 1
    done
    [ ! -d build/node_modules ] || cp -R build/node_modules "$copy/build/"
    [ ! -d build/nginx ] || cp -R build/nginx "$copy/build/"
}

keep_logs()
{
    rm -rf build/test-logs
    mkdir -p build/test-logs
    cp -R "$copy/t/logs/." build/test-logs/ 2>/dev/null
    cp -R "$copy/build/san" build/test-logs/ 2>/dev/null
    for log in "$copy"/build/scratch/*/logs/error_log; do
        [ ! -f "$log" ] || cp "$log" "build/test-logs/$(basename "$(dirname "$(dirname "$log")")").log"
    done
    echo "last warnings and errors in the shared server's log (all logs: build/test-logs):"
    grep -vE ":(info|notice|debug)\]" build/test-logs/error_log 2>/dev/null | tail -n 25
}

if [ "${1:-}" = --inside ]; then
    shift
    inside "$@"
    exit $?
fi

cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
apxs=$(command -v apxs || command -v apxs2)
export QT_APXS="$apxs" QT_MODULES="$("$apxs" -q LIBEXECDIR)" QT_HTTPD="$("$apxs" -q SBINDIR)/$("$apxs" -q PROGNAME)"
export SANITIZE="${SANITIZE:-}" LC_ALL=C.UTF-8
drop=
if [ "$(id -u)" -eq 0 ]; then
    # Apache::Test refuses root, and root's own folders are closed to others.
    copy=$(mktemp -d "${TMPDIR:-/tmp}/queuetasks-test.XXXXXX") || exit 1
    drop="setpriv --reuid $(id -u nobody) --regid $(id -g nobody) --clear-groups"
else
    mkdir -p build
    copy=$PWD/build/suite
    rm -rf "$copy"
    mkdir "$copy" || exit 1
fi
copy_tree || { echo "could not copy the tree to $copy"; exit 1; }
if [ -n "$drop" ]; then
    chown -R "$(id -u nobody):$(id -g nobody)" "$copy"
    chmod 755 "$copy"
fi
(cd "$copy" && HOME="$copy/build" USER=nobody $drop sh t/lib/suite.sh --inside "$@")
status=$?
if [ $status -ne 0 ]; then
    keep_logs
else
    rm -rf build/test-logs
fi
[ -z "$drop" ] || rm -rf "$copy"
if [ $status -eq 0 ]; then
    echo "queuetasks: every test passed"
else
    echo "queuetasks: TESTS FAILED"
fi
exit $status
