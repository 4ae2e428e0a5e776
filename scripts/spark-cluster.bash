# A cluster of Apache Spark on the loopback address: a master, workers, drivers, each a process. Sourced by the scripts
# that try batches on it; they have set root (the checkout) and fail (what ends them).
#
# COGVIDEO_PROGRAM     the program, when it is not the checkout's
# COGVIDEO_SPARK_HOME  the folder of Spark, when it is not the checkout's

program=${COGVIDEO_PROGRAM:-$root/cogvideo}
spark=${COGVIDEO_SPARK_HOME:-$root/cluster/target/spark}
model=$root/testing/src/test/resources/golden/pipelines/t2v-2b
small=(--device cpu --height 48 --width 80 --num-frames 5 --num-inference-steps 1 --threads 1)
source "$root/cli/src/launcher/find-jdk.bash"
find_jdk || fail "no JDK 25 found"

work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-spark.XXXXXX")
processes=()
declare -A workers=()
clean() {
  local one
  for one in "${processes[@]}"; do kill -9 -- "-$one" 2>/dev/null || kill -9 "$one" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf -- "$work"
}
trap clean EXIT

# write_rows FILE ROWS: a seed is shared by every twentieth row.
write_rows() {
  local i
  for ((i = 1; i <= $2; i++)); do
    printf '{"id": "row-%d", "prompt": "scene %d", "seed": %d}\n' "$i" "$i" $((i % 20))
  done >"$1"
}

# fetch_spark: the embedded Spark makes two rows, and the launcher fetches Spark where it is not there yet.
fetch_spark() {
  write_rows "$work/two.jsonl" 2
  "$program" batch "$work/two.jsonl" "$work/local" --model "$model" "${small[@]}" --master local >"$work/local.log" 2>&1 ||
    { tail -n 20 "$work/local.log"; fail "the embedded Spark"; }
  [[ -d $spark/jars ]] || fail "there is no $spark/jars"
}

opens=()
for name in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
  java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.util.calendar; do
  opens+=("--add-opens=java.base/$name=ALL-UNNAMED")
done
export SPARK_HOME=$spark SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1

# The processor time that a daemon, and each process that it starts, may take.
processor_seconds=unlimited

# daemon NAME CLASS ARGUMENT...: its process id is in $started.
daemon() {
  local name=$1
  shift
  (
    ulimit -t "$processor_seconds"
    exec "$jdk/bin/java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+IgnoreUnrecognizedVMOptions \
      --sun-misc-unsafe-memory-access=allow "${opens[@]}" -cp "$spark/jars/*" "$@"
  ) >"$work/$name.log" 2>&1 &
  started=$!
  processes+=("$started")
}

# until_said NAME WORDS: waits for what a daemon logs when it is ready; a busy machine takes its time.
until_said() {
  local waited=0
  until grep -q -- "$2" "$work/$1.log" 2>/dev/null; do
    ((++waited < 600)) || { tail -n 20 "$work/$1.log"; fail "$1 does not start"; }
    sleep 0.5
  done
}

start_master() {
  port=$((20000 + RANDOM % 20000))
  daemon master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
  until_said master 'Starting Spark master'
}

# start_worker NUMBER [OPTION...]
start_worker() {
  local number=$1
  shift
  daemon "worker-$number" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory 1g \
    --work-dir "$work/worker-$number" "$@" "spark://127.0.0.1:$port"
  workers[$number]=$started
}

# start_workers COUNT: and waits for them.
start_workers() {
  local number
  for ((number = 1; number <= $1; number++)); do start_worker "$number"; done
  for ((number = 1; number <= $1; number++)); do until_said "worker-$number" 'Successfully registered'; done
}

# What a driver of this machine tells Spark.
here=(--conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 --conf spark.ui.enabled=false
  --conf spark.executor.memory=512m --conf spark.executor.cores=1)

# drive ROWS FOLDER ARGUMENT...: a batch on the cluster.
drive() { drive_on "spark://127.0.0.1:$port" "$@"; }

# drive_on MASTER ROWS FOLDER ARGUMENT...: a batch in a process group of its own, so that one blow ends it with what it
# started. Its process id is in $driver, what it says in $work/driver.log.
drive_on() {
  local master=$1 rows=$2 folder=$3
  shift 3
  setsid "$program" batch "$rows" "$folder" "${small[@]}" --master "$master" "${here[@]}" "$@" >>"$work/driver.log" 2>&1 &
  driver=$!
  processes+=("$driver")
}

# ended: waits for the driver; its exit code is in $status.
ended() {
  status=0
  wait "$driver" || status=$?
}

# kill_driver: at once, with what it started.
kill_driver() {
  kill -9 -- "-$driver" 2>/dev/null || true
  wait "$driver" 2>/dev/null || true
}

# count FOLDER: how many videos have their names there.
count() { find "$1/videos" -name '*.mp4' 2>/dev/null | wc -l; }

# until_made FOLDER COUNT
until_made() {
  local waited=0
  until (($(count "$1") >= $2)); do
    kill -0 "$driver" 2>/dev/null || { tail -n 20 "$work/driver.log"; fail "the driver ended with $(count "$1") videos"; }
    ((++waited < 60000)) || { tail -n 20 "$work/driver.log"; fail "only $(count "$1") videos after a long time"; }
    sleep 0.2
  done
}

# require_whole FOLDER ROWS: each row once and completed, every hash right, nothing unfinished, nothing that no row
# speaks of after --gc. A process that was killed may leave a result that its row was not told of: the next attempt
# finds it under its name.
require_whole() {
  local folder=$1 rows=$2 manifest=$1/manifest.jsonl
  (($(wc -l <"$manifest") == rows)) || fail "$(wc -l <"$manifest") rows in the manifest of $rows"
  (($(grep -o '"id":"[^"]*"' "$manifest" | sort -u | wc -l) == rows)) || fail "a row is there twice"
  ! grep -q '"status":"failed"' "$manifest" || { grep -m 3 '"status":"failed"' "$manifest"; fail "rows failed"; }
  "$program" batch --verify --gc "$folder" >"$work/verify.log" 2>&1 || { cat "$work/verify.log"; fail "hashes"; }
  (($(count "$folder") == rows)) || fail "$(count "$folder") videos of $rows"
  [[ -z $(find "$folder" -name '*.part') ]] || fail "unfinished files were left"
}

# require_same FOLDER OTHER: the videos of one are those of the other, to the byte.
require_same() {
  local video
  for video in "$1/videos"/*.mp4; do
    cmp -s "$video" "$2/videos/${video##*/}" || fail "${video##*/} is not what one process makes"
  done
}

# alone ROWS FOLDER: the same rows in one process.
alone() {
  "$program" batch "$1" "$2" --model "$model" "${small[@]}" --master none >"$work/alone.log" 2>&1 ||
    { tail -n 20 "$work/alone.log"; fail "the batch in one process"; }
}
