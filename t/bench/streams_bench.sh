# Streams side by side in one run: the bare ceiling, nginx with nchan, and our module in each transport; each figure and its ratio.
# SPDX-License-Identifier: Apache-2.0
#
#   sh t/bench/streams_bench.sh [quick]        quick: fewer streams and shorter, to see that all of it runs
#   ROUNDS=3                                   scenes that measure time so often, the servers in turn; the table shows the medians
#   SERVERS="ceiling nchan detached suspended tls"  SCENES="idle fan push task alone stalled churn"   parts of it
#
# Server and client have a core each, everything is on loopback, each scene has a fresh server with one child that is stopped behind it.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build}
bench=$build/bench
SERVERS=${SERVERS:-ceiling nchan detached suspended tls}
ROUNDS=${ROUNDS:-3}
SCENES=${SCENES:-idle fan push task alone stalled churn}
for tool in streams_bench ceiling mod_qt_bench.so; do
    [ -f "$bench/$tool" ] || { echo "$tool is not built: make -f Makefile.apxs streams-bench" >&2; exit 1; }
done
apxs=$(command -v apxs || command -v apxs2) || { echo "apxs is not installed" >&2; exit 1; }
httpd=$("$apxs" -q SBINDIR)/$("$apxs" -q PROGNAME)
modules=$("$apxs" -q LIBEXECDIR)
nchan=/usr/lib/nginx/modules/ngx_nchan_module.so
root=$(mktemp -d "${TMPDIR:-/tmp}/queuetasks-streams.XXXXXX") || exit 1
figures=$root/figures
server=
client=
failed=0

# stop PROCESS: of ours, if there is one.
stop()
{
    if [ -n "$1" ]; then
        kill -TERM "$1" 2>/dev/null
        wait "$1" 2>/dev/null
    fi
}

clean_up()
{
    trap '' INT TERM HUP
    stop "$client"
    stop "$server"
    rm -rf "$root"
}
trap 'clean_up; exit 1' INT TERM HUP

# ---- the machine ----

ulimit -n "$(ulimit -Hn)" 2>/dev/null
descriptors=$(ulimit -n)
[ "$descriptors" != unlimited ] || descriptors=65536
on_server=
on_client=
if [ "$(nproc)" -ge 2 ] && command -v taskset >/dev/null 2>&1; then
    on_server="taskset -c 0" on_client="taskset -c 1"
else
    echo "note: server and client are not pinned to a core each, since there are no two cores or there is no taskset"
fi

# ---- the servers: each start_ leaves the process in $server; it listens on $port, with TLS on $stream_port ----

free_ports()
{
    perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") } 1 .. 2;
        print join(" ", map { $_->sockport } @s), "\n"'
}

start_ceiling()
{
    $on_server "$bench/ceiling" "$port" 2>>"$root/log" &
    server=$!
}

start_nchan()
{
    cat >"$root/nginx.conf" <<CONF
load_module $nchan;
daemon off;
worker_processes 1;
worker_rlimit_nofile $descriptors;
pid $root/nginx.pid;
error_log $root/log warn;
$([ "$(id -u)" -ne 0 ] || echo "user nobody $(id -gn nobody);")
events { worker_connections $descriptors; }
http {
    access_log off;
    client_body_temp_path $root/nginx-body;
    proxy_temp_path $root/nginx-proxy;
    fastcgi_temp_path $root/nginx-fastcgi;
    uwsgi_temp_path $root/nginx-uwsgi;
    scgi_temp_path $root/nginx-scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    nchan_shared_memory_size 512m;
    server {
        listen 127.0.0.1:$port;
        location /stream {
            nchan_subscriber eventsource;
            nchan_channel_id \$arg_c;
            nchan_subscriber_first_message newest;
        }
        location /pub {
            nchan_publisher;
            nchan_channel_id \$arg_c;
            nchan_message_buffer_length 100;
            nchan_message_timeout 1m;
        }
    }
}
CONF
    $on_server nginx -c "$root/nginx.conf" -p "$root" 2>>"$root/log" &
    server=$!
}

load()
{
    case $built_in in *"mod_$1.c"*) ;; *) echo "LoadModule $1_module $modules/mod_$1.so" ;; esac
}

certificate()
{
    [ -f "$root/key.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -keyout "$root/key.pem" -out "$root/cert.pem" 2>>"$root/log"
}

tls_conf()
{
    load socache_shmcb
    load ssl
    cat <<CONF
Listen 127.0.0.1:$stream_port
<VirtualHost 127.0.0.1:$stream_port>
    SSLEngine on
    SSLCertificateFile $root/cert.pem
    SSLCertificateKeyFile $root/key.pem
</VirtualHost>
CONF
}

# $1: words of configuration of this transport.
httpd_conf()
{
    for module in mpm_event authn_core authz_core unixd; do
        load $module
    done
    cat <<CONF
LoadModule queuetasks_module $build/mod_queuetasks.so
LoadModule queuetasks_bench_module $bench/mod_qt_bench.so
ServerRoot $root
DefaultRuntimeDir $root
PidFile $root/httpd.pid
ErrorLog $root/log
LogLevel warn
ServerName localhost
Listen 127.0.0.1:$port
StartServers 1
ServerLimit 1
ThreadsPerChild 64
ThreadLimit 64
MaxRequestWorkers 64
MinSpareThreads 1
MaxSpareThreads 64
AsyncRequestWorkerFactor 400
MaxKeepAliveRequests 0
KeepAliveTimeout 300
$1
<Location "/q">
    QueueTasksZone q 512m
    QueueTasksUser "%{req:X-User}"
    QueueTasksKeepAlive 1h
    QueueTasksReconnectGrace 1s
</Location>
<Location "/q/api">
    SetHandler queuetasks
    QueueTasksServe operator subscribe
    QueueTasksTopics all
</Location>
<Location "/q/internal">
    SetHandler queuetasks
    QueueTasksServe publish
</Location>
<Directory "/">
    AllowOverride None
    Options FollowSymLinks
</Directory>
<Location "/nothing">
    SetHandler queuetasks-nothing
</Location>
CONF
    [ "$(id -u)" -ne 0 ] || echo "User nobody
Group $(id -gn nobody)"
    [ "$stream_port" = "$port" ] || tls_conf
}

start_httpd()
{
    built_in=$("$httpd" -l 2>/dev/null)
    httpd_conf "$1" >"$root/httpd.conf"
    rm -f "$root/httpd.pid"
    $on_server "$httpd" -D FOREGROUND -f "$root/httpd.conf" 2>>"$root/log" &
    server=$!
    tries=0
    # It opens its ports twice; the pid file is written when they are there to stay.
    until [ "$(cat "$root/httpd.pid" 2>/dev/null)" = "$server" ] || [ $tries -gt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

knows_detach() { grep -q QueueTasksDetach "$build/mod_queuetasks.so"; }

start_detached() { start_httpd "QueueTasksDetach on"; }
start_suspended() { start_httpd "$(! knows_detach || echo QueueTasksDetach off)"; }
start_tls()
{
    certificate
    start_httpd ""
}

# Why this server can't be measured here; nothing: it can.
missing()
{
    case $1 in
    nchan) [ -f $nchan ] && command -v nginx >/dev/null || echo "nginx with nchan is not here (Debian: libnginx-mod-nchan)" ;;
    detached) knows_detach || echo "the module that was built does not know QueueTasksDetach" ;;
    tls) grep -q SSL_read "$bench/streams_bench" && command -v openssl >/dev/null ||
        echo "the client was built without TLS, or there is no openssl to make a certificate" ;;
    esac
}

# ---- scenes ----

# play SERVER SCENE ARGS...: streams that a scene needs stand in its table below.
play()
{
    name=$1
    shift
    ports=$(free_ports)
    port=${ports% *} stream_port=$port kind=ours
    case $name in
    tls) stream_port=${ports#* } ;;
    ceiling | nchan) kind=peer ;;
    esac
    : >"$root/log"
    start_$name
    scene=$1
    shift
    # In the background, so that a signal ends it at once.
    $on_client "$bench/streams_bench" "$name" "$scene" $kind "$server" "$port" "$stream_port" "$@" >"$root/out" 2>"$root/said" &
    client=$!
    if wait "$client"; then
        cat "$root/out" >>"$figures"
    else
        failed=1
        echo "FAILED: $name, $scene $*: $(cat "$root/said")"
        grep -v -e :notice -e ssl:warn "$root/log" | tail -n 5
    fi
    client=
    stop "$server"
    server=
}

# One line a scene: streams that it needs, its name, its arguments (see streams_bench.c).
full="15000 idle 200 5000 15000
1000 fan 100 1000 10 8 500000
1000 fan 1024 1000 10 8 500000
10000 fan 100 10000 5 8 1000000
10000 fan 1024 10000 5 8 500000
1000 push 1000 40000
1000 task 1000 40000
1000 alone 1000 40000
1000 stalled 1000 4096 100 5 7
200 stalled 200 4096 100 5 7
10000 churn 10000 10"
quick="1000 idle 200 500 1000
200 fan 100 200 10 1 40000
1000 fan 1024 1000 5 1 40000
100 push 100 2000
100 task 100 2000
100 alone 100 2000
200 stalled 200 4096 50 1 3
500 churn 500 3"

case ${1:-full} in
full) table=$full ;;
quick) table=$quick ROUNDS=1 ;;
*) echo "usage: sh t/bench/streams_bench.sh [quick]" >&2; clean_up; exit 2 ;;
esac

here=
for name in $SERVERS; do
    why=$(missing "$name")
    if [ -n "$why" ]; then
        echo "note: $name is left out: $why"
    else
        here="$here $name"
    fi
done

: >"$figures"
# The servers take turns at each scene, so that what else the machine does hits all alike.
exec 3<<TABLE
$table
TABLE
while read -r streams scene arguments <&3; do
    case " $SCENES " in *" $scene "*) ;; *) continue ;; esac
    if [ $((streams + 300)) -gt "$descriptors" ]; then
        echo "note: left out, since there are only $descriptors descriptors: $scene $arguments"
        continue
    fi
    case $scene in idle | stalled | churn) rounds=1 ;; *) rounds=$ROUNDS ;; esac # these need no other, or have their own
    for round in $(seq "$rounds"); do
        for name in $here; do
            case $scene,$name in stalled,ceiling | task,ceiling | task,nchan | alone,ceiling | alone,nchan) continue ;; esac # it closes them; they have no such thing
            # shellcheck disable=SC2086
            play "$name" "$scene" $arguments
        done
    done
done

# ---- the table ----

awk -v names="$here" '
function shown(x) { return x == "" ? "-" : x >= 100 || x <= -100 ? sprintf("%.0f", x) : x == int(x) ? x "" : sprintf("%.2f", x) }
function ratio(x, y) { return x == "" || y == "" || y + 0 == 0 ? "-" : sprintf("%.2f", x / y) }
{
    if (!($2 in seen)) { seen[$2] = 1; order[++rows] = $2 }
    all[$1, $2, ++times[$1, $2]] = $3
}
# Of the rounds; of an even number the lower one of the two in the middle.
function median(what,    n, i, j, x) {
    n = times[what]
    for (i = 2; i <= n; i++) {
        x = all[what, i]
        for (j = i - 1; j > 0 && all[what, j] + 0 > x + 0; j--) { all[what, j + 1] = all[what, j] }
        all[what, j + 1] = x
    }
    return all[what, int((n + 1) / 2)]
}
END {
    for (what in times) { of[what] = median(what) }
    n = split(names, name, " ")
    printf "%-38s", ""
    for (i = 1; i <= n; i++) { printf " %12s", name[i] }
    for (i = 1; i <= n; i++) { if (name[i] != "ceiling") { printf " %18s", name[i] "/ceiling" } }
    for (i = 1; i <= n; i++) { if (name[i] != "ceiling" && name[i] != "nchan") { printf " %16s", name[i] "/nchan" } }
    print ""
    for (r = 1; r <= rows; r++) {
        printf "%-38s", order[r]
        for (i = 1; i <= n; i++) { printf " %12s", shown(of[name[i], order[r]]) }
        for (i = 1; i <= n; i++) { if (name[i] != "ceiling") { printf " %18s", ratio(of[name[i], order[r]], of["ceiling", order[r]]) } }
        for (i = 1; i <= n; i++) {
            if (name[i] != "ceiling" && name[i] != "nchan") { printf " %16s", ratio(of[name[i], order[r]], of["nchan", order[r]]) }
        }
        print ""
    }
}' "$figures"
[ -z "${FIGURES:-}" ] || cp "$figures" "$FIGURES"
clean_up
exit $failed
