#!/usr/bin/env bash
# Measures `cogvideo serve`, with a model of no size to speak of, against what it has to reach, each figure as a ratio
# to its goal: the time and memory of a start, the answer to a new job while a video is computed and a thousand wait, the
# memory of an upload of 60 MiB, 50 clients and 20 streams of events. Ends with 1 when a goal is missed.
#
#   scripts/serve-load-test.sh [PART...]          start create upload clients when none is given
#   scripts/serve-load-test.sh cancel [TRIES]     cancels at random moments: how soon the next video is computed; 200
#   scripts/serve-load-test.sh overhead [ROUNDS]  what serving adds: by the library and by a server in turn; 5
#   scripts/serve-load-test.sh passes [ROUNDS]    four jobs in one pass against each alone, in turn; 5
#   scripts/serve-load-test.sh time-left          the time left that events tell, against what was left
#   scripts/serve-load-test.sh soak [JOBS]        many jobs one after the other: memory must not grow; 500
#
# Nothing else should run meanwhile.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../benchmarks/prepare.bash"

case ${1:-} in
  '') options=() ;;
  cancel) options=(--parts cancel --tries "${2:-200}") ;;
  overhead) options=(--parts overhead --rounds "${2:-5}") ;;
  passes) options=(--parts passes --rounds "${2:-5}") ;;
  soak) options=(--parts soak --jobs "${2:-500}") ;;
  *) options=(--parts "$(IFS=,; printf '%s' "$*")") ;;
esac
java_flags=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0)
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-serve-load.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
printf 'Processors: %s, load: %s\n' "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
benchmark serving.ServerLoad "${options[@]}" "$root/cogvideo" \
  "$root/testing/src/test/resources/golden/pipelines/t2v-2b" "$work"
