#!/bin/sh
# Installs the Debian or Ubuntu packages that Oncegate needs: the one list, for developers, CI and the Dockerfile.
#
#   docker/install-deps.sh            to build and test: headers, what the linker needs, redis-server, openssl
#   docker/install-deps.sh build      to build only
#   docker/install-deps.sh python     for the checks in Tests/Outsiders
#   docker/install-deps.sh faults     for the checks in Tests/Faults
#   docker/install-deps.sh benchmarks for the comparisons in Tests/Benchmarks
#   docker/install-deps.sh runtime    to run a built program: shared libraries, redis-server, CA certificates
#
# Needs root or sudo, but only if a package is missing: otherwise nothing is done and no network is used.
# Swift itself is not installed here: https://www.swift.org/install/linux/
set -eu

# `a|b` means the first of these names that this release has: releases after Debian 12 renamed some libraries.
build='binutils git libc6-dev libcurl4-openssl-dev libhiredis-dev libssl-dev zlib1g-dev
       libstdc++-12-dev|libstdc++-13-dev|libstdc++-14-dev'
runtime='ca-certificates libcurl4|libcurl4t64 libhiredis0.14|libhiredis1.1.0 libssl3|libssl3t64
         libstdc++6 redis-server'

fail() {
    echo "install-deps: $1" >&2
    exit 1
}

case ${1-} in
    '') packages="$build redis-server openssl" ;;
    build) packages=$build ;;
    python) packages='python3 python3-venv' ;;
    faults) packages='python3 faketime' ;;
    benchmarks) packages='python3 redis-server wrk golang-go golang-github-gomodule-redigo-dev
                          nginx libnginx-mod-http-lua lua-nginx-redis' ;;
    runtime) packages=$runtime ;;
    *) echo 'usage: install-deps.sh [build|python|faults|benchmarks|runtime]' >&2; exit 64 ;;
esac

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "this needs Debian or Ubuntu (apt-get); elsewhere install the equivalents of: $(echo $packages)"

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints those of the given packages (with their alternatives) of which no name is installed.
missing_of() {
    for choice in "$@"; do
        for name in $(echo "$choice" | tr '|' ' '); do
            is_installed "$name" && continue 2
        done
        echo "$choice"
    done
}

missing=$(missing_of $packages)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
        fail "run this as root, or install sudo; missing: $(echo $missing | sed 's/|[^ ]*//g')"
    exec sudo sh "$0" "$@"
fi

# Debian starts system services with redis-server and nginx, unless policy-rc.d says no (exit status 101).
# Oncegate and its tests start private servers of their own, so the machine is left without them.
policy=/usr/sbin/policy-rc.d
restore_policy() {
    rm -f "$policy"
    [ ! -e "$policy.oncegate" ] || mv "$policy.oncegate" "$policy"
}
if echo "$missing" | grep -Eq '^(redis-server|nginx)$'; then
    [ ! -e "$policy" ] || mv "$policy" "$policy.oncegate"
    trap restore_policy EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || fail 'apt-get update failed; is the network there?'

names=
for choice in $missing; do
    found=
    for name in $(echo "$choice" | tr '|' ' '); do
        if [ -n "$(apt-cache show --no-all-versions "$name" 2>/dev/null)" ]; then
            found=$name
            break
        fi
    done
    [ -n "$found" ] || fail "this release has no package $(echo "$choice" | sed 's/|/ or /g')"
    names="$names $found"
done

log=$(mktemp)
if ! apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $names >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "apt-get install failed for:$names"
fi
rm -f "$log"

for service in redis-server nginx; do
    case "$names " in
        *" $service "*) [ ! -d /run/systemd/system ] || systemctl --quiet disable "$service" ;;   # nor at the next start
    esac
done
