#!/usr/bin/env bash
# Measures `cogvideo lora fuse`: a synthetic model and an adapter of its attention layers.
#
#   benchmarks/fusion.sh [SIZE...]      sizes in billions of parameters; 5 when none is given
#
# RANK   the adapter's rank (128)
# WORK   a folder on the disk to be measured (a new one in $TMPDIR)
#
# Each size needs 6 GB of disk a billion while the model is made and 4 GB while it is measured; everything is deleted.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/cogvideo4j-fusion.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

printf 'Processors: %s, load: %s\n\n' "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
printf '| model | wall, s | CPU, s | own memory, MiB | resident, MiB |\n|---|---|---|---|---|\n'
for billions in "${@:-5}"; do
  rank=${RANK:-128}
  benchmark synthetic.SyntheticCheckpoint --billions "$billions" --sparse-module "$work/checkpoint" >/dev/null
  "$root/cogvideo" convert "$work/checkpoint" "$work/base" >/dev/null 2>&1
  rm -rf -- "$work/checkpoint"
  benchmark synthetic.SyntheticAdapter --billions "$billions" --rank "$rank" "$work/lora" >/dev/null
  benchmark conversion.FusionBenchmark --label "$billions billion, rank $rank" --output "$work/fused" \
    "$root/cogvideo" lora fuse "$work/base" "$work/lora" "$work/fused" 2>/dev/null
  rm -rf -- "$work/base" "$work/lora" "$work/fused"
done
