#!/usr/bin/env bash
# Runs all tests, and the program that the system tests drive, under a sanitizer, in a build folder of its own.
#
#   Tests/Sanitizers/run.sh address     memory: what is used after it was freed, or beyond its end
#   Tests/Sanitizers/run.sh thread      data races
#
# What follows is given to `swift test`, as in: Tests/Sanitizers/run.sh thread --filter DeliveryTests
# The exit code is 0 if every test passed and nothing was found.
set -euo pipefail
cd "$(dirname "$0")/../.."

sanitizer=${1-}
build=.build-$sanitizer
case $sanitizer in
    address)
        # XCTest, which starts the tests, keeps a few objects to its end, which a search for leaks would report.
        export ASAN_OPTIONS=detect_leaks=0
        ;;
    thread)
        export TSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/thread.supp history_size=4"
        mkdir -p "$build"
        clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
        "$clang" -shared -fPIC -O2 -o "$build/mutex.so" Tests/Sanitizers/mutex.c -ldl
        preload=$PWD/$build/mutex.so
        ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
shift

# Everything takes several times as long: fewer tests at a time keep each of them within its deadlines.
export ONCEGATE_TEST_PLACES=3 ONCEGATE_SANITIZER=$sanitizer
# CI has looked at warnings elsewhere.
unset ONCEGATE_WARNINGS_AS_ERRORS
swift build --build-tests --sanitize="$sanitizer" --scratch-path "$build"
LD_PRELOAD=${preload-} swift test --skip-build --sanitize="$sanitizer" --scratch-path "$build" "$@"
