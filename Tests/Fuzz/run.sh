#!/usr/bin/env bash
# Fuzzes what reads bytes of strangers, with libFuzzer and AddressSanitizer, in a build folder of its own.
#
#   Tests/Fuzz/run.sh                         20 s over all targets
#   Tests/Fuzz/run.sh --seconds 3600          an hour over all targets
#   Tests/Fuzz/run.sh --seconds 600 http      one target, or several
#   Tests/Fuzz/run.sh --build                 builds alone; --skip-build uses what is built
#
# What was found interesting stays in .build-fuzz/corpus, so that the next run goes on from there. An input that breaks a
# property ends its target; it is kept in .build-fuzz/findings, and is tried again with
#   FUZZ_TARGET=http .build-fuzz/debug/Fuzz .build-fuzz/findings/FILE
# The exit code is 1 where anything was found.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=20
builds=true
targets=()
while (($# > 0)); do
    case $1 in
        --seconds) seconds=$2; shift ;;
        --build) seconds=0 ;;
        --skip-build) builds=false ;;
        -*) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 64 ;;
        *) targets+=("$1") ;;
    esac
    shift
done
((${#targets[@]} > 0)) || targets=(signature http envelope normaliser configuration resp)

build=.build-fuzz
if $builds; then
    resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
    export ONCEGATE_LIBFUZZER=$resources/clang/lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a
    # CI has looked at warnings elsewhere.
    env -u ONCEGATE_WARNINGS_AS_ERRORS swift build --disable-index-store --scratch-path $build --product Fuzz 2>&1 |
        { grep -v -e 'ld.gold: warning: Cannot export local symbol' -e '^\[' || true; }
fi
((seconds > 0)) || exit 0

seeds=$build/seeds
rm -rf $seeds
python3 Tests/Fuzz/seeds.py $seeds
mkdir -p $build/findings
share=$((seconds / ${#targets[@]}))
((share > 0)) || share=1
found=0
printf '\n%-14s %12s %8s %9s  %s\n' target executions per-s coverage outcome
for target in "${targets[@]}"; do
    case $target in
        envelope | normaliser) words=json ;;
        signature) words=http ;;
        *) words=$target ;;
    esac
    corpus=$build/corpus/$target
    log=$build/$target.log
    mkdir -p "$corpus"
    outcome='nothing found'
    # Swift's runtime keeps what it allocates once, which a search for leaks would report; its own backtraces keep
    # libFuzzer from seeing a crash.
    FUZZ_TARGET=$target ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no "$build/debug/Fuzz" \
        -max_total_time=$share -max_len=8192 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/findings/$target-" \
        -dict="$seeds/$words.dict" "$corpus" "$seeds/$target" >"$log" 2>&1 || { outcome='FOUND'; found=1; }
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    printf '%-14s %12s %8s %9s  %s\n' "$target" "${executed:-?}" "${rate:-?}" "${coverage:-?}" "$outcome"
    if [[ $outcome == FOUND ]]; then
        grep -m 5 -E 'Fatal error|ERROR:|SUMMARY|does not hold|Test unit written' "$log" || tail -n 20 "$log"
    fi
done
exit $found
