#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test through ctest.
#   ./test.sh        the whole suite, release build in build/
#   ./test.sh asan   under AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan/
#   ./test.sh tsan   the concurrent parts under ThreadSanitizer, in build-tsan/
#   ./test.sh fuzz   every fuzz target for UNDERPIN_FUZZ_SECONDS (default 20), in build-fuzz/
set -euo pipefail
cd "$(dirname "$0")"
mode=${1:-release}
jobs=$(nproc)
extra=()
[ "$mode" != fuzz ] || extra=(clang libclang-rt-14-dev llvm)
./scripts/install-packages.sh "${extra[@]}"

# Tests wait for little else than their disk: journals are synchronised at every commit. What becomes of
# them when power fails is tested on a file system of our own (tests/crash), so memory will do here.
in_memory=/dev/shm
if [ "$(df --output=avail -k "$in_memory" 2>/dev/null | tail -1)" -gt 8000000 ] 2>/dev/null && [ -w "$in_memory" ]; then
  TMPDIR=$(mktemp -d "$in_memory/underpin-tests-XXXXXX")
  export TMPDIR
  chmod 1777 "$TMPDIR"  # Database servers run as users of their own.
  trap 'rm -rf "$TMPDIR"' EXIT
fi
# Some wait for a simulated ERP all the same.
at_once=$((jobs + 1))

configure_and_build() {
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" -j "$jobs" -- ${2:-}
}

case "$mode" in
  release)
    configure_and_build release
    ctest --test-dir build --output-on-failure -j "$at_once" --no-tests=error
    ;;
  asan)
    configure_and_build asan
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0
    ctest --test-dir build-asan --output-on-failure -j "$at_once" --no-tests=error \
      -LE 'simulators|tools'
    ;;
  tsan)
    configure_and_build tsan concurrent_tests
    # The sanitizer's shadow memory and a randomised address space do not get along on every kernel.
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    setarch "$(uname -m)" -R ctest --test-dir build-tsan --output-on-failure -j "$at_once" \
      --no-tests=error -L concurrent
    ;;
  fuzz)
    configure_and_build fuzz fuzz_targets
    ctest --test-dir build-fuzz --output-on-failure --no-tests=error -L fuzz
    ;;
  *)
    echo "usage: ./test.sh [asan|tsan|fuzz]" >&2
    exit 2
    ;;
esac
