#!/usr/bin/env bash
# Measures models against their floor: their heaviest operations alone, in the fastest form that libtorch has.
#
#   benchmarks/inference.sh vae      decodes 9 frames of 240 x 360 at the real models' width
#
# ROUNDS       measurements of each kind, in turn (2)
# PRECISIONS   "fp32 bf16"
# THREADS      2
# WORK         a folder for 0.9 GB of random weights (a new one in $TMPDIR), deleted at the end
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/cogvideo4j-inference.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

measure_vae() {
  printf '| | precision | wall, s | CPU, s | resident, MiB |\n|---|---|---|---|---|\n'
  for precision in ${PRECISIONS:-fp32 bf16}; do
    benchmark inference.VaeBenchmark --precision "$precision" make "$work/vae"
    for ((round = 0; round < ${ROUNDS:-2}; round++)); do
      for kind in floor decode; do
        benchmark inference.VaeBenchmark --precision "$precision" --threads "${THREADS:-2}" "$kind" "$work/vae" \
          2>/dev/null
      done
    done
  done
}

printf 'Processors: %s, load: %s\n\n' "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
case ${1:-} in
  vae) measure_vae ;;
  *) echo "error: say what to measure: vae" >&2; exit 2 ;;
esac
