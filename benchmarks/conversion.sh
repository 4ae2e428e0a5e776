#!/usr/bin/env bash
# Measures `cogvideo convert` against its floor: the same bytes read, as many written and synced, nothing else.
#
#   benchmarks/conversion.sh [SIZE...]      sizes in billions of parameters; 0.1 1 5 when none is given
#
# ROUNDS   measurements of each kind (5)
# WORK     a folder for the checkpoints, on the disk to be measured (a new one in $TMPDIR)
# LAYOUTS  "zero2 zero3 fsdp sat"
# FAMILY   cogvideox, or wan: names and shapes of a second family (not for the layout sat)
# RANKS    ranks of ZeRO-2 (2)
# CACHES   "cold warm"; a size of which half the memory cannot hold the files is measured cold only
#
# Each size needs 8 GB of disk a billion for the two checkpoints and 2 GB for a result; everything is deleted.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/cogvideo4j-conversion.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
memory=$(awk '/^MemAvailable/ { print int($2 / 1e6) }' /proc/meminfo)

printf 'Processors: %s, available memory: %s GB, load: %s\n\n' "$(nproc)" "$memory" "$(cut -d' ' -f1-3 /proc/loadavg)"
family=${FAMILY:-cogvideox}
header=(--header yes)
for size in "${@:-0.1 1 5}"; do
  for billions in $size; do
    for layout in "zero2 ${RANKS:-2}" 'zero3 8' 'fsdp 8' 'sat 1'; do
      read -r kind ranks <<<"$layout"
      if [[ " ${LAYOUTS:-$kind} " != *" $kind "* ]]; then continue; fi
      if [[ $family != cogvideox && $kind == sat ]]; then continue; fi
      checkpoint=$work/$kind/checkpoint-500
      case $kind in
        zero*)
          title=ZeRO-${kind#zero}
          benchmark synthetic.SyntheticCheckpoint --family "$family" --billions "$billions" --stage "${kind#zero}" --ranks "$ranks" \
            --sparse-module "$checkpoint" >/dev/null ;;
        fsdp)
          title=FSDP
          benchmark synthetic.SyntheticDistributed --family "$family" --billions "$billions" --ranks "$ranks" \
            "$checkpoint/pytorch_model_fsdp_0" >/dev/null ;;
        sat)
          title=SAT
          benchmark synthetic.SyntheticCheckpoint --billions "$billions" --stage 2 --ranks 1 \
            --sparse-module "$work/origin/checkpoint-500" >/dev/null
          mkdir -p "$work/sat"
          "$root/cogvideo" convert --to sat "$work/origin/checkpoint-500" "$checkpoint" >/dev/null
          rm -rf -- "${work:?}/origin" ;;
      esac
      for cache in ${CACHES:-cold warm}; do
        if [[ $cache == warm ]] && awk "BEGIN { exit !($billions * 6 > $memory / 2) }"; then continue; fi
        if [[ $cache == warm ]]; then find "$checkpoint" \( -name '*_optim_states.pt' -o -name '*.distcp' -o -name 'mp_rank_00_model_states.pt' \) -exec cat {} + >/dev/null; fi
        benchmark conversion.ConversionBenchmark "${header[@]}" --rounds "${ROUNDS:-5}" --cache "$cache" \
          --label "$billions billion, ${FAMILY:+$FAMILY, }$title, $ranks ranks" "$checkpoint" "$work/output" "$root/cogvideo" convert
        header=()
      done
      rm -rf -- "${work:?}/$kind"
    done
  done
done
