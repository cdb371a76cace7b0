#!/bin/sh
# Shows a migration: two simulated ERPs, the facade, and a drive through all stages.
#
#   ./run.sh           drives, prints the account, keeps serving until Ctrl-C
#   ./run.sh --serve   serves without the drive (channel API 127.0.0.1:8080, operations 8081)
#   ./run.sh --waves   serves two waves (config/waves.json) without a drive
#   ./run.sh --once    drives and ends; not 0 if anything was lost, duplicated, failed or unexplained
#   --keep             continues with the data of the last run instead of fresh data
#
# Leaves out/parity.html, out/summary.json, out/pack, logs in out/log and data in out/data.
set -eu
cd "$(dirname "$0")"

for option in "$@"; do
  case "$option" in
    --serve | --waves | --once | --keep) ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "run.sh: $option is not an option; see ./run.sh --help" >&2; exit 2 ;;
  esac
done

scripts/install-packages.sh

mkdir -p out/log
echo "Building (log: out/log/build.log) ..."
if ! { cmake --preset release && cmake --build --preset release --target underpin; } \
    >out/log/build.log 2>&1; then
  tail -n 40 out/log/build.log >&2
  echo "run.sh: the build failed; everything it said is in out/log/build.log" >&2
  exit 1
fi

exec python3 tests/scenario/drive "$@"
