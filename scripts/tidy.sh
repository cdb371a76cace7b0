#!/usr/bin/env bash
# Formatting and static checks of our own C++: clang-format, then clang-tidy with .clang-tidy's
# checks. Installs what is missing. Prints what it finds and fails if there is anything.
#   scripts/tidy.sh                    everything; clang-tidy takes a while
#   scripts/tidy.sh format             formatting alone: seconds
#   scripts/tidy.sh cutover parity/compare.cpp   formatting, and clang-tidy of these folders or files
# UNDERPIN_TIDY_JOBS: how many at once (default: all cores).
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${UNDERPIN_TIDY_JOBS:-$(nproc)}

./scripts/install-packages.sh clang-format git
git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format --dry-run -Werror
echo "format ok"
[ "${1:-}" != format ] || exit 0

./scripts/install-packages.sh clang clang-tidy
# A tree of its own: clang-tidy reads compile commands, and what gSOAP generates must be there.
cmake -S . -B build-tidy -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang \
  -DCMAKE_CXX_COMPILER=clang++ >/dev/null
cmake --build build-tidy -j "$jobs" --target gsoap_sources >/dev/null

# What is in git and is built: generated code is not ours to mend, the benchmark needs a package more.
mapfile -t files < <(git ls-files '*.cpp' | while read -r file; do
  grep -qF "\"$PWD/$file\"" build-tidy/compile_commands.json || continue
  [ $# -gt 0 ] || { echo "$file"; continue; }
  for wanted in "$@"; do
    case "$file" in "${wanted%/}" | "${wanted%/}"/*) echo "$file" ;; esac
  done
done)
[ ${#files[@]} -gt 0 ] || { echo "no source file of ours in: $*" >&2; exit 2; }
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "$jobs" clang-tidy -p build-tidy --quiet 2> >(grep -v 'warnings\? generated' >&2)
echo "clang-tidy ok: ${#files[@]} files"
