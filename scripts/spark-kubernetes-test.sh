#!/usr/bin/env bash
# A batch with the master k8s://: what Spark asks of Kubernetes goes to a small server on the loopback address, which
# runs each pod as a process of this machine, by the entry point of the image (scripts/package/executor) and with the
# pod's environment. One of the two executors is killed with -9 in the middle, and Spark asks for another. Every video
# has to be there once, with the bytes that a batch in one process makes.
#
#   scripts/spark-kubernetes-test.sh [ROWS]     8 rows
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
rows=${1:-8}
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
source scripts/spark-cluster.bash
fetch_spark
write_rows "$work/rows.jsonl" "$rows"

mkdir -- "$work/image" "$work/pods"
ln -s -- "$spark/jars" "$work/image/jars"
cp -- scripts/package/executor "$work/image/"
export JAVA_HOME=$jdk # the image's
port=$((20000 + RANDOM % 20000))
"$jdk/bin/java" -Xmx64m -cp "$root/cli/target/cogvideo.jar" \
  cluster/src/test/java/io/github/cogvideo4j/cluster/FakeKubernetes.java "$port" "$work/image/executor" "$work/pods" \
  >"$work/kubernetes.log" 2>&1 &
processes+=("$!")
waited=0
until [[ -f $work/pods/serving ]]; do
  ((++waited < 600)) || { tail -n 20 "$work/kubernetes.log"; fail "the server does not start"; }
  sleep 0.5
done

drive_on "k8s://http://127.0.0.1:$port" "$work/rows.jsonl" "$work/videos" --model "$model" \
  --conf spark.executor.instances=2 --conf spark.executor.memoryOverhead=1g \
  --conf spark.kubernetes.container.image=cogvideo-spark --conf spark.kubernetes.executor.enableApiWatcher=false \
  --conf spark.kubernetes.executor.apiPollingInterval=1s
until_made "$work/videos" $((rows / 4))
kill -9 "$(cat -- "$work/pods/"*-exec-1.pid)" || fail "the first executor had ended"
printf 'an executor was killed at %d videos\n' "$(count "$work/videos")"
ended
((status == 0)) || { tail -n 30 "$work/driver.log"; tail -n 10 "$work/pods/"*.log; fail "the batch ended with $status"; }
require_whole "$work/videos" "$rows"
pods=("$work/pods/"*.pid)
((${#pods[@]} >= 3)) || fail "${#pods[@]} pods: no other executor was asked for"
alone "$work/rows.jsonl" "$work/alone"
require_same "$work/alone" "$work/videos"
printf 'on Kubernetes, %d rows in %d pods of which one was killed: each video once, with the bytes of one process\n' \
  "$rows" "${#pods[@]}"
