#!/usr/bin/env bash
# What a batch costs besides its videos: a folder whose rows are all done is resumed. Time of the second start, and the
# heap that is still used after collections, in a heap of 128 MB.
#
#   benchmarks/batch.sh [ROWS...]     1000 10000 100000
#
# To have so many rows without a video each, every row names a picture that is not there and so fails at once; then the
# manifest is changed to say that they are there. The folder is in memory where the system has /dev/shm, since what is
# measured is not the disk.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
program=${COGVIDEO_PROGRAM:-$root/cogvideo}
model=$root/testing/src/test/resources/golden/pipelines/i2v-5b
small=(--model "$model" --device cpu --height 48 --width 80 --num-frames 5 --num-inference-steps 1 --threads 1)
place=/dev/shm
[[ -w $place ]] || place=${TMPDIR:-/tmp}
work=$(mktemp -d "$place/cogvideo-batch-benchmark-XXXXXX")
trap 'rm -rf -- "$work"' EXIT

(($# > 0)) || set -- 1000 10000 100000
printf '%9s %12s %12s %14s %12s\n' rows 'made in s' 'resumed in s' 'heap after GC' 'manifest'
for rows in "$@"; do
  out=$work/$rows
  for ((i = 1; i <= rows; i++)); do
    printf '{"id": "row-%d", "prompt": "scene %d", "image": "gone-%d.png"}\n' "$i" "$i" "$i"
  done >"$work/rows.jsonl"
  begun=$(date +%s%N)
  "$program" batch "$work/rows.jsonl" "$out" "${small[@]}" --scratch "$work/scratch" --json >"$work/first.log" 2>&1 || (($? == 1)) ||
    { tail -n 5 "$work/first.log"; exit 1; }
  made=$(((($(date +%s%N) - begun)) / 1000000))
  sed -i 's/"status":"failed","error_code":"[^"]*"/"status":"completed","error_code":null/' "$out/manifest.jsonl"
  begun=$(date +%s%N)
  COGVIDEO_JAVA_OPTS="-Xmx128m -Xlog:gc:file=$work/gc.log" \
    "$program" batch "$work/rows.jsonl" "$out" "${small[@]}" --dry-run --json >"$work/second.log" 2>&1 || (($? == 1)) ||
    { tail -n 5 "$work/second.log"; exit 1; }
  resumed=$(((($(date +%s%N) - begun)) / 1000000))
  grep -q '"left": 0' "$work/second.log" || { echo "rows are left"; exit 1; }
  heap=$(sed -n 's/.*Pause.*->\([0-9]*\)M(.*/\1/p' "$work/gc.log" | sort -n | tail -n 1)
  printf '%9d %12s %12s %11s MB %9s MB\n' "$rows" "$(printf '%d.%03d' $((made / 1000)) $((made % 1000)))" \
    "$(printf '%d.%03d' $((resumed / 1000)) $((resumed % 1000)))" "${heap:-?}" \
    "$(($(stat -c %s "$out/manifest.jsonl") / 1000000))"
  rm -rf -- "$out"
done
