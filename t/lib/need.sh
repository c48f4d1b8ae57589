# Installs what a goal (run, test, lint) needs and this machine lacks; silent, and without the network, when nothing is missing.
# SPDX-License-Identifier: Apache-2.0
set -u
goal=${1:?usage: need.sh run|test|lint}
missing=

# lacks PACKAGE COMMAND...: the Debian package is wanted when the command fails.
lacks()
{
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

command_there() { command -v "$1"; }
any_command() { command -v "$1" || command -v "$2"; }
header_there() { echo "#include <$1>" | cc -E -x c -; }

for_run()
{
    lacks gcc command_there cc
    lacks make command_there make
    # apache2-bin, not apache2: the server's program and modules without a system service on port 80.
    lacks apache2-bin test -x /usr/sbin/apache2
    lacks apache2-utils command_there htpasswd
    lacks apache2-dev any_command apxs apxs2
    lacks libjansson-dev header_there jansson.h
    lacks curl command_there curl
}

for_test()
{
    for_run
    lacks perl perl -MTest::More -MJSON::PP -MTime::HiRes -e 1
    lacks libapache2-mod-perl2 perl -MApache::TestRun -e 1
    lacks universal-ctags sh -c 'ctags --version | grep -q Universal'
    lacks binutils command_there nm
    # The browser tests drive a real Chromium from Node.
    lacks chromium any_command chromium chromium-browser
    lacks nodejs any_command node nodejs
}

# nginx stands before us in one test. Its package would start a service on port 80: what is wanted is the program alone.
nginx_there() { [ -x /usr/sbin/nginx ] || [ -x build/nginx/usr/sbin/nginx ]; }
unpack_nginx()
{
    nginx_there && return
    command -v apt-get >/dev/null 2>&1 || return 0
    mkdir -p build/nginx
    (
        cd build/nginx || exit
        apt-get -qq download nginx || { as_root_do apt-get -qq update && apt-get -qq download nginx; }
        for package in nginx_*.deb; do dpkg-deb -x "$package" . && rm -f "$package"; done
    ) >/dev/null 2>&1
    nginx_there || echo "note: there is no nginx, so that a stream behind it is not tested"
}

as_root_do()
{
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

for_lint()
{
    for_run
    lacks clang command_there clang
    lacks clang-tidy command_there clang-tidy
    lacks cppcheck command_there cppcheck
}

for_$goal || exit 1
[ "$goal" != test ] || unpack_nginx
[ -n "$missing" ] || exit 0
echo "installing:$missing"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "this is no Debian or Ubuntu: please install what corresponds to$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "please install as root: apt-get install$missing" >&2; exit 1; }
    as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$as_root apt-get -qq update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends $missing </dev/null ||
    { echo "could not install$missing" >&2; exit 1; }
