#!/usr/bin/env bash
# Measures `cogvideo serve`, with a model of no size to speak of, against what it has to reach, each figure as a ratio
# to its goal: the time and memory of a start, the answer to a new job while a video is computed and a thousand wait, the
# memory of an upload of 60 MiB, 50 clients and 20 streams of events. Ends with 1 when a goal is missed.
#
#   scripts/serve-load-test.sh [PART...]      start create upload clients when none is given
#   scripts/serve-load-test.sh soak [JOBS]    many jobs one after the other: memory must not grow; 500 by default
#
# Nothing else should run meanwhile.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../benchmarks/prepare.bash"

options=()
if [[ ${1:-} == soak ]]; then
  options=(--parts soak --jobs "${2:-500}")
elif (($#)); then
  options=(--parts "$(IFS=,; printf '%s' "$*")")
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-serve-load.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
printf 'Processors: %s, load: %s\n' "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
benchmark serving.ServerLoad "${options[@]}" "$root/cogvideo" \
  "$root/testing/src/test/resources/golden/pipelines/t2v-2b" "$work"
