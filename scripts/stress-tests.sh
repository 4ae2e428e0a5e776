#!/usr/bin/env bash
# Runs the test command on a machine that is busy with other things: twice as many loops as there are processors run
# beside it. Prints how long each run took and which tests failed; ends with 1 when one did.
#
#   scripts/stress-tests.sh [RUNS [MAVEN ARGUMENTS...]]       5 runs of `mvn verify` by default
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

runs=${1:-5}
shift || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-stress.XXXXXX")
processors=$(getconf _NPROCESSORS_ONLN)
busy=()
end() {
  for loop in "${busy[@]}"; do kill "$loop" 2>/dev/null || true; done
  rm -rf -- "$work"
}
trap end EXIT

for ((n = 0; n < 2 * processors; n++)); do
  (while :; do :; done) &
  busy+=($!)
done
printf '%d busy loops beside, on %d processors\n' "${#busy[@]}" "$processors"

# Maven's line for each module, added up.
count() {
  sed $'s/\x1b\\[[0-9;]*m//g' "$1" | awk '
    /Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+ *$/ {
      gsub(/[^0-9 ]/, " "); run += $1; failed += $2 + $3
    }
    END { printf "%d %d\n", run, failed }'
}

failures=0
printf '%4s  %8s  %7s  %6s  %s\n' run seconds tests failed result
for ((run = 1; run <= runs; run++)); do
  start=$SECONDS
  result=passed
  mvn -B verify "$@" >"$work/$run.log" 2>&1 || result=FAILED
  read -r tests failed < <(count "$work/$run.log")
  printf '%4d  %8d  %7d  %6d  %s\n' "$run" "$((SECONDS - start))" "$tests" "$failed" "$result"
  if [[ $result == FAILED ]]; then
    failures=$((failures + 1))
    grep '^\[ERROR\]' "$work/$run.log" | head -n 20 | sed 's/^/      /' || true
  fi
done
printf '%d of %d passed\n' "$((runs - failures))" "$runs"
((failures == 0))
