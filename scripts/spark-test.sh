#!/usr/bin/env bash
# Batches on a real cluster of Apache Spark on the loopback address: a master, three workers, a driver, each a process.
# A worker is killed with -9 in the middle, then the driver, which is started again. Every video has to be there once,
# with the bytes that a batch in one process makes, and some of them those of `cogvideo generate`.
#
#   scripts/spark-test.sh [ROWS] [GENERATED]     60 rows, 2 of them also made by `generate`
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
rows=${1:-60}
generated=${2:-2}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

program=${COGVIDEO_PROGRAM:-$root/cogvideo}
spark=${COGVIDEO_SPARK_HOME:-$root/cluster/target/spark}
model=$root/testing/src/test/resources/golden/pipelines/t2v-2b
small=(--model "$model" --device cpu --height 48 --width 80 --num-frames 5 --num-inference-steps 1 --threads 1)
source cli/src/launcher/find-jdk.bash
find_jdk || fail "no JDK 25 found"

work=$(mktemp -d)
processes=()
clean() {
  for one in "${processes[@]}"; do kill -9 "$one" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf -- "$work"
}
trap clean EXIT

for ((i = 1; i <= rows; i++)); do
  printf '{"id": "row-%d", "prompt": "scene %d", "seed": %d}\n' "$i" "$i" "$i"
done >"$work/rows.jsonl"

# The embedded Spark first: it also fetches Spark where it is not there yet.
head -n 2 "$work/rows.jsonl" >"$work/two.jsonl"
"$program" batch "$work/two.jsonl" "$work/local" "${small[@]}" --master local >"$work/local.log" 2>&1 ||
  { tail -n 20 "$work/local.log"; fail "the embedded Spark"; }
[[ -d $spark/jars ]] || fail "there is no $spark/jars"

opens=()
for name in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
  java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.util.calendar; do
  opens+=("--add-opens=java.base/$name=ALL-UNNAMED")
done
port=$((20000 + RANDOM % 20000))
export SPARK_HOME=$spark SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1

# daemon NAME CLASS ARGUMENT...: its process id is in $started.
daemon() {
  local name=$1
  shift
  "$jdk/bin/java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+IgnoreUnrecognizedVMOptions --sun-misc-unsafe-memory-access=allow "${opens[@]}" \
    -cp "$spark/jars/*" "$@" >"$work/$name.log" 2>&1 &
  started=$!
  processes+=("$started")
}
# until_said NAME WORDS: waits for what a daemon logs when it is ready; a busy machine takes its time.
until_said() {
  local waited=0
  until grep -q "$2" "$work/$1.log"; do
    ((++waited < 600)) || { tail -n 20 "$work/$1.log"; fail "$1 does not start"; }
    sleep 0.5
  done
}
daemon master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
until_said master 'Starting Spark master'
for number in 1 2 3; do
  daemon "worker-$number" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory 1g \
    --work-dir "$work/worker-$number" "spark://127.0.0.1:$port"
  workers[number]=$started
done
for number in 1 2 3; do until_said "worker-$number" 'Successfully registered'; done

# In a process group of its own, so that one blow ends it with what it started.
drive() {
  setsid "$program" batch "$work/rows.jsonl" "$work/videos" "${small[@]}" --master "spark://127.0.0.1:$port" \
    --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 --conf spark.ui.enabled=false \
    --conf spark.executor.memory=512m --conf spark.executor.cores=1 "$@" >>"$work/driver.log" 2>&1 &
  driver=$!
  processes+=("$driver")
}
count() { find "$work/videos/videos" -name '*.mp4' 2>/dev/null | wc -l; }
until_made() { # COUNT
  local waited=0
  until (($(count) >= $1)); do
    kill -0 "$driver" 2>/dev/null || { tail -n 20 "$work/driver.log"; fail "the driver ended with $(count) videos"; }
    ((++waited < 6000)) || { tail -n 20 "$work/driver.log"; fail "only $(count) videos after a long time"; }
    sleep 0.2
  done
}

begun=$SECONDS
drive
until_made $((rows / 4))
kill -9 "${workers[2]}"
printf 'a worker was killed at %d videos\n' "$(count)"
until_made $((rows / 2))
kill -9 -- "-$driver"
wait "$driver" 2>/dev/null || true
printf 'the driver was killed at %d videos\n' "$(count)"
drive
status=0
wait "$driver" || status=$?
((status == 0)) || { tail -n 30 "$work/driver.log"; fail "the second run ended with $status"; }
seconds=$((SECONDS - begun))

(($(count) == rows)) || fail "$(count) videos of $rows"
(($(wc -l <"$work/videos/manifest.jsonl") == rows)) || fail "$(wc -l <"$work/videos/manifest.jsonl") rows in the manifest"
(($(grep -o '"id":"[^"]*"' "$work/videos/manifest.jsonl" | sort -u | wc -l) == rows)) || fail "a row is there twice"
! grep -q '"status":"failed"' "$work/videos/manifest.jsonl" || fail "rows failed"
"$program" batch --verify --gc "$work/videos" >"$work/verify.log" 2>&1 || { cat "$work/verify.log"; fail "hashes"; }
(($(count) == rows)) || fail "--gc deleted results"
[[ -z $(find "$work/videos" -name '*.part') ]] || fail "unfinished files were left"

"$program" batch "$work/rows.jsonl" "$work/alone" "${small[@]}" >"$work/alone.log" 2>&1 ||
  { tail -n 20 "$work/alone.log"; fail "the batch in one process"; }
for video in "$work/alone/videos"/*.mp4; do
  cmp -s "$video" "$work/videos/videos/${video##*/}" || fail "${video##*/} is not what one process makes"
done
for ((i = 1; i <= generated; i++)); do
  "$program" generate --prompt "scene $i" --seed "$i" "${small[@]}" --output-path "$work/generated-$i.mp4" >"$work/generate.log" 2>&1
  cmp "$work/generated-$i.mp4" "$work/videos/videos/scene-$i-$i"-*.mp4 || fail "row $i is not what generate makes"
done
printf '%d rows in %d s with a worker and the driver killed: each video once, with the bytes of one process\n' "$rows" "$seconds"
