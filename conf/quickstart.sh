# Serves the demonstration: makes a private server root, starts httpd on conf/quickstart.conf, stops it on Ctrl-C. `make run` calls it.
# SPDX-License-Identifier: Apache-2.0
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
build=$top/${BUILD:-build}
port=${PORT:-8080}
apxs=$(command -v apxs || command -v apxs2) || { echo "apxs is not installed" >&2; exit 1; }
httpd=$("$apxs" -q SBINDIR)/$("$apxs" -q PROGNAME)
root=$build/run
web=$top/web
run_user=$(id -un) run_group=$(id -gn) define_root= made=

case $port in '' | *[!0-9]*) echo "PORT must be a number" >&2; exit 1 ;; esac

# Root's server gives its privileges up; then its user must be able to read what it serves.
if [ "$(id -u)" -eq 0 ]; then
    define_root=-DAS_ROOT
    run_user=www-data
    id "$run_user" >/dev/null 2>&1 || run_user=nobody
    run_group=$(id -gn "$run_user")
    if ! setpriv --reuid "$run_user" --regid "$run_group" --clear-groups test -r "$web/index.html" 2>/dev/null; then
        root=$(mktemp -d "${TMPDIR:-/tmp}/queuetasks-run.XXXXXX") || exit 1
        made=$root
        chmod 755 "$root"
        cp -R "$web" "$root/web"
        chmod -R a+rX "$root/web"
        web=$root/web
    fi
fi

mkdir -p "$root/logs" || exit 1
rm -f "$root/users" "$root/logs/httpd.pid"
: >"$root/users"
for user in anna boris clara; do
    echo demo | htpasswd -i -B "$root/users" "$user" 2>/dev/null || exit 1
done
[ -z "$define_root" ] || chgrp "$run_group" "$root/users"
chmod 640 "$root/users"

pid=
clean_up()
{
    trap '' INT TERM HUP
    if [ -n "$pid" ]; then
        kill -TERM "$pid" 2>/dev/null
        wait "$pid"
    fi
    [ -z "$made" ] || rm -rf "$made"
}
trap 'clean_up; echo; echo "stopped"; exit 0' INT TERM HUP

# A session of its own: Ctrl-C reaches this script alone, which then stops the server in order.
setsid "$httpd" -D FOREGROUND $define_root -C "Define ROOT \"$root\"" -C "Define WEB \"$web\"" \
    -C "Define MODULES \"$("$apxs" -q LIBEXECDIR)\"" -C "Define BUILT \"$build/mod_queuetasks.so\"" -C "Define PORT $port" \
    -C "Define RUN_USER $run_user" -C "Define RUN_GROUP $run_group" -f "$top/conf/quickstart.conf" &
pid=$!

base=http://127.0.0.1:$port
tries=0
# The pid file is written once the port is ours.
until [ "$(cat "$root/logs/httpd.pid" 2>/dev/null)" = "$pid" ] && curl -s -o /dev/null "$base/"; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
        echo "the server does not start on port $port; its log:" >&2
        tail -n 20 "$root/logs/error_log" >&2
        clean_up
        exit 1
    fi
    sleep 0.1
done

cat <<TEXT

  mod_queuetasks is running.

  The page      $base/
  Jobs          $base/jobs.html
  The operators anna, boris, clara; password demo
  The stream    curl -N -u anna:demo $base/api/v1/QueueTasks/wait-sse
  The log       $root/logs/error_log

  Add a task:
  curl -X POST -H 'Content-Type: application/json' -d '{"payload":{"title":"Call back"}}' $base/internal/queuetasks/tasks

  Run a job that tells anna how far it is:
  PORT=$port sh conf/demo-job.sh anna

  Ctrl-C stops the server.

TEXT
wait "$pid"
status=$?
pid=
clean_up
exit $status
