#!/usr/bin/env bash
# Batches on a real cluster of Apache Spark on the loopback address: a master, three workers, a driver, each a process.
# Every video has to be there once, with the bytes that a batch in one process makes, whatever was killed meanwhile.
#
#   scripts/spark-test.sh [ROWS]                 60 rows; a worker is killed with -9 in the middle, then the driver, which
#                                                is started again; every twentieth row is also made by `generate`
#   scripts/spark-test.sh --faults               a worker with other weights beside a good one, and alone; a row that
#                                                kills each process that makes it
#   scripts/spark-test.sh --submit               the archive of scripts/package.sh --spark, by spark-submit: a fake
#                                                discovery script gives each worker a device, and jars, native libraries
#                                                and the model travel
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
  local rows=$1 begun=$SECONDS generated=0 video i made
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
  mapfile -t made < <(printf '%s\n' "$work/generated"/*.mp4 | sort -V) # video-2 before video-10
  for video in "${made[@]}"; do
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

# cache FOLDER: a cache of the hub with the model.
cache() {
  local repository=$1/hub/models--test--tiny
  mkdir -p -- "$repository/refs" "$repository/snapshots"
  printf '0123456789012345678901234567890123456789' >"$repository/refs/main"
  cp -rL -- "$model" "$repository/snapshots/0123456789012345678901234567890123456789"
}

stop_worker() { # NUMBER
  kill -9 "${workers[$1]}" 2>/dev/null || true
  wait "${workers[$1]}" 2>/dev/null || true
}

# said NUMBER WORDS: how many lines of the executors of a worker have them.
said() { cat "$work/worker-$1"/app-*/*/stderr 2>/dev/null | grep -c -- "$2" || true; }

# batch FOLDER: every machine looks for the model in its own cache of the hub.
batch() {
  HF_HOME=$work/cache drive "$work/rows.jsonl" "$1" --model test/tiny
}

# What is wrong with a machine costs no row, and a batch that no machine can make ends by itself.
faults() {
  local rows=12 weights folder
  write_rows "$work/rows.jsonl" "$rows"
  alone "$work/rows.jsonl" "$work/alone"
  cache "$work/cache"
  cache "$work/other"
  weights=$(echo "$work/other/hub/models--test--tiny/snapshots"/*/transformer/*.safetensors)
  printf '\x41' | dd of="$weights" bs=1 seek=$(($(stat -c %s "$weights") - 1)) conv=notrunc status=none

  folder=$work/other-weights
  HF_HOME=$work/cache start_worker 1
  HF_HOME=$work/other start_worker 2
  batch "$folder"
  ended
  ((status == 0)) || { tail -n 30 "$work/driver.log"; fail "a worker with other weights: $status"; }
  require_whole "$folder" "$rows"
  require_same "$work/alone" "$folder"
  (($(said 2 'Finished task') == 0)) || fail "an executor with other weights made a row"
  # One more may have begun before Spark counted the second.
  local failures
  failures=$(said 2 'ERROR Executor: Exception in task')
  ((failures >= 1 && failures <= 3)) || fail "$failures failures: an executor is excluded after two"
  printf 'a worker with other weights made nothing, and every row was made\n'

  folder=$work/no-weights
  stop_worker 1
  batch "$folder"
  ended
  ((status == 4)) || { tail -n 30 "$work/driver.log"; fail "only other weights: $status"; }
  grep -q 'is not what the batch was planned with' "$work/driver.log" || fail "it does not say why"
  (($(said 2 'ERROR Executor: Exception in task') >= failures + 3)) || fail "the only executor had no second chance"
  [[ ! -s $folder/manifest.jsonl ]] || fail "rows were given up for what is wrong with a machine"
  printf 'where no machine has the weights the batch ends and says so; no row is given up\n'
  stop_worker 2
  poison
}

# Processes of these workers may compute for half a minute each, and then the system kills them. One row needs longer.
poison() {
  local rows=6 folder=$work/poison
  write_rows "$work/rows.jsonl" "$rows"
  alone "$work/rows.jsonl" "$work/without"
  printf '{"id": "poison", "prompt": "for ever", "num_inference_steps": 1000, "height": 480, "width": 720, %s}\n' \
    '"num_frames": 49' >>"$work/rows.jsonl"
  processor_seconds=30
  start_worker 3
  start_worker 4
  drive "$work/rows.jsonl" "$folder" --model "$model"
  ended
  ((status == 1)) || { tail -n 30 "$work/driver.log"; fail "a row that kills its process: $status"; }
  grep -q '"id":"poison".*"status":"failed","error_code":"process-lost"' "$folder/manifest.jsonl" ||
    { cat "$folder/manifest.jsonl"; fail "the row that kills its process is not reported"; }
  (($(grep -c '"status":"completed"' "$folder/manifest.jsonl") == rows)) || fail "the other rows were not made"
  require_same "$work/without" "$folder"
  printf 'a row that kills its process failed after four tries, and all others were made\n'
}

# submit WORD...: what bin/spark-submit of a distribution of Spark does. The first line of what is said is a sign that
# the words of the command follow.
submit() {
  local line
  mapfile -d '' -t line < <("$jdk/bin/java" -cp "$spark/jars/*" org.apache.spark.launcher.Main \
    org.apache.spark.deploy.SparkSubmit "$@" | tail -n +2)
  "${line[@]}"
}

# The archive, on a machine that has nothing else.
submitted() {
  local archive words rows=6 folder=$work/submitted number
  archive=$(echo "$root"/target/cogvideo-spark-*.tar.gz)
  [[ -f $archive ]] || fail "there is no archive: run scripts/package.sh --spark"
  tar -C "$work" -xzf "$archive"
  spark=$work/spark
  export SPARK_HOME=$spark
  [[ -s $spark/licences/PARTS.md && -s $spark/licences/program/PARTS.md && -s $spark/licences/Apache-2.0.txt ]] ||
    fail "the archive has no licences"
  write_rows "$work/rows.jsonl" "$rows"
  start_master
  start_workers 2
  words=$(COGVIDEO_SPARK_HOME=$spark "$program" batch "$work/rows.jsonl" "$folder" --model "$model" "${small[@]}" \
    --ship-model --master "spark://127.0.0.1:$port" "${here[@]}" --print-submit)
  [[ $words == "spark-submit "* ]] || fail "$words"
  eval "submit ${words#spark-submit }" >"$work/driver.log" 2>&1 || { tail -n 30 "$work/driver.log"; fail "spark-submit"; }
  require_whole "$folder" "$rows"
  grep -q "worker-[12]/app-" "$folder/videos"/*.json || fail "the model did not travel"
  alone "$work/rows.jsonl" "$work/alone"
  require_same "$work/alone" "$folder"
  printf 'by spark-submit, with jars, native libraries and the model sent along: %d rows as one process makes them\n' "$rows"

  # A task computes on the address that Spark gives it: there are no such devices here, and each says which it lacks.
  for number in 1 2; do
    stop_worker "$number"
    printf '#!/bin/sh\necho '"'"'{"name": "gpu", "addresses": ["%d"]}'"'"'\n' $((number + 3)) >"$work/devices-$number"
    chmod +x -- "$work/devices-$number"
    printf 'spark.worker.resource.gpu.amount 1\nspark.worker.resource.gpu.discoveryScript %s\n' \
      "$work/devices-$number" >"$work/worker-$number.conf"
    start_worker "$number" --properties-file "$work/worker-$number.conf"
  done
  for number in 1 2; do until_said "worker-$number" 'Successfully registered'; done
  small=("${small[@]/cpu/cuda}")
  drive "$work/rows.jsonl" "$work/devices" --model "$model" --conf spark.executor.resource.gpu.amount=1 \
    --conf spark.task.resource.gpu.amount=1
  ended
  ((status != 0)) || fail "a device that is not there made videos"
  for number in 1 2; do
    (($(said "$number" "cuda:$((number + 3))") > 0)) || fail "worker $number did not compute on its own device"
  done
  printf 'with resources of Spark each task computes on the device that was assigned to its executor\n'
}

if [[ ${1:-} == --submit ]]; then
  submitted
  exit
fi
fetch_spark
start_master
if [[ ${1:-} == --faults ]]; then
  faults
  exit
fi
start_workers 3
if [[ ${1:-} == --random ]]; then
  at_random "${2:-20}" "${3:-20}"
else
  killed_once "${1:-60}"
fi
