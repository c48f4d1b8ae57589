# A private httpd for the benchmarks: starts on the port given, says "ready PID", and stops when its standard input ends.
# SPDX-License-Identifier: Apache-2.0
set -u
port=${1:?usage: http_server.sh PORT}
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build}
apxs=$(command -v apxs || command -v apxs2) || { echo "apxs is not installed" >&2; exit 1; }
httpd=$("$apxs" -q SBINDIR)/$("$apxs" -q PROGNAME)
modules=$("$apxs" -q LIBEXECDIR)
root=$(mktemp -d "${TMPDIR:-/tmp}/queuetasks-bench.XXXXXX") || exit 1
pid=

clean_up()
{
    trap '' INT TERM HUP
    if [ -n "$pid" ]; then
        kill -TERM "$pid" 2>/dev/null
        wait "$pid"
    fi
    rm -rf "$root"
}
trap 'clean_up; exit 0' INT TERM HUP

chmod 755 "$root"
mkdir -p "$root/logs" "$root/htdocs"
echo '{"success":true,"error":null,"errorCode":0,"result":{"taskId":"t123456","state":"ready"}}' >"$root/htdocs/file.json"
built_in=$("$httpd" -l 2>/dev/null)

load()
{
    case $built_in in *"mod_$1.c"*) ;; *) echo "LoadModule $1_module $modules/mod_$1.so" ;; esac
}

# One zone for each measurement, so that none finds what another has left.
place()
{
    cat <<PLACE
<Location "/$1">
    QueueTasksZone $1 256m
    QueueTasksUser "%{req:X-User}"
    QueueTasksDecisionWindow 40s
</Location>
<Location "/$1/api">
    SetHandler queuetasks
    QueueTasksServe operator
</Location>
<Location "/$1/internal">
    SetHandler queuetasks
    QueueTasksServe publish admin
</Location>
PLACE
}

{
    for module in mpm_event authn_core authz_core unixd log_config; do
        load $module
    done
    cat <<CONF
LoadModule queuetasks_module $build/mod_queuetasks.so
ServerRoot $root
DefaultRuntimeDir $root/logs
PidFile $root/logs/httpd.pid
ErrorLog $root/logs/error_log
LogLevel warn
CustomLog $root/logs/access_log "%h %u %t \"%r\" %>s %b"
ServerName localhost
Listen 127.0.0.1:$port
DocumentRoot $root/htdocs
StartServers 2
ServerLimit 2
ThreadsPerChild 16
ThreadLimit 16
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
AsyncRequestWorkerFactor 400
KeepAliveTimeout 60
MaxKeepAliveRequests 0
CONF
    [ "$(id -u)" -ne 0 ] || echo "User nobody
Group $(id -gn nobody)"
    for zone in a b c d e f g h; do
        place $zone
    done
} >"$root/httpd.conf"

setsid "$httpd" -D FOREGROUND -f "$root/httpd.conf" </dev/null >/dev/null 2>"$root/logs/start" &
pid=$!
tries=0
# The pid file is written once the port is ours.
until [ "$(cat "$root/logs/httpd.pid" 2>/dev/null)" = "$pid" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
        cat "$root/logs/start" "$root/logs/error_log" >&2
        clean_up
        exit 1
    fi
    sleep 0.1
done
echo "ready $pid"
cat >/dev/null
grep -E ':(error|crit|alert|emerg)\]|exit signal' "$root/logs/error_log" >&2
clean_up
