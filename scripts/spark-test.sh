#!/usr/bin/env bash
# Batches on a real cluster of Apache Spark on the loopback address: a master, three workers, a driver, each a process.
# Every video has to be there once, with the bytes that a batch in one process makes, whatever was killed meanwhile.
#
#   scripts/spark-test.sh [ROWS]                 60 rows; a worker is killed with -9 in the middle, then the driver, which
#                                                is started again; every twentieth row is also made by `generate`
#   scripts/spark-test.sh --random RUNS [ROWS]   20 rows in each run, in which executors, workers and the driver are
#                                                killed at random
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
source scripts/spark-cluster.bash

# A worker and the driver die once each.
killed_once() { # ROWS
  local rows=$1 begun=$SECONDS generated=0 video i
  write_rows "$work/rows.jsonl" "$rows"
  drive "$work/rows.jsonl" "$work/videos" --model "$model"
  until_made "$work/videos" $((rows / 4))
  kill -9 "${workers[2]}"
  printf 'a worker was killed at %d videos\n' "$(count "$work/videos")"
  until_made "$work/videos" $((rows / 2))
  kill_driver
  printf 'the driver was killed at %d videos\n' "$(count "$work/videos")"
  drive "$work/rows.jsonl" "$work/videos" --model "$model"
  ended
  ((status == 0)) || { tail -n 30 "$work/driver.log"; fail "the second run ended with $status"; }
  printf '%d rows in %d s\n' "$rows" $((SECONDS - begun))
  require_whole "$work/videos" "$rows"

  # `generate` makes the rows of one seed in one process.
  for ((i = 1; i <= rows; i += 20)); do printf 'scene %d\n' "$i"; done >"$work/prompts.txt"
  mkdir -- "$work/generated"
  "$program" generate --prompts "$work/prompts.txt" --seed 1 --model "$model" "${small[@]}" \
    --output-path "$work/generated/video.mp4" >"$work/generate.log" 2>&1 || { cat "$work/generate.log"; fail "generate"; }
  for video in "$work/generated"/*.mp4; do
    i=$((1 + 20 * generated++))
    cmp "$video" "$work/videos/videos/scene-$i-1"-*.mp4 || fail "row $i is not what generate makes"
  done
  printf '%d of them are what generate makes\n' "$generated"

  alone "$work/rows.jsonl" "$work/alone"
  require_same "$work/alone" "$work/videos"
  printf '%d rows with a worker and the driver killed: each video once, with the bytes of one process\n' "$rows"
}

# kill_any: an executor, a worker (which is started again) or the driver (which is, too).
kill_any() {
  local number=$((1 + RANDOM % 3)) executors
  case $((RANDOM % 4)) in
    0 | 1)
      mapfile -t executors < <(pgrep -P "${workers[$number]}" || true)
      ((${#executors[@]} > 0)) || return 0
      kill -9 "${executors[0]}" 2>/dev/null || true
      killed+=(executor)
      ;;
    2)
      kill -9 "${workers[$number]}"
      killed+=(worker)
      start_worker "$number"
      ;;
    3)
      kill_driver
      killed+=(driver)
      drive "$work/rows.jsonl" "$folder" --model "$model"
      ;;
  esac
}

at_random() { # RUNS ROWS
  local runs=$1 rows=$2 run folder killed deaths
  write_rows "$work/rows.jsonl" "$rows"
  alone "$work/rows.jsonl" "$work/alone"
  for ((run = 1; run <= runs; run++)); do
    folder=$work/run-$run
    killed=()
    deaths=$((2 + RANDOM % 4))
    drive "$work/rows.jsonl" "$folder" --model "$model"
    while ((deaths-- > 0)); do
      sleep $((1 + RANDOM % 6)).$((RANDOM % 10))
      kill -0 "$driver" 2>/dev/null || break
      kill_any
    done
    ended
    ((status == 0)) || { tail -n 30 "$work/driver.log"; fail "run $run ended with $status after: ${killed[*]}"; }
    require_whole "$folder" "$rows"
    require_same "$work/alone" "$folder"
    rm -rf -- "$folder"
    printf 'run %d: %d rows, killed: %s\n' "$run" "$rows" "${killed[*]:-nothing, it was faster}"
  done
  printf '%d runs with processes killed at random: each video once, with the bytes of one process\n' "$runs"
}

fetch_spark
start_master
start_workers 3
if [[ ${1:-} == --random ]]; then
  at_random "${2:-20}" "${3:-20}"
else
  killed_once "${1:-60}"
fi
