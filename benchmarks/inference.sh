#!/usr/bin/env bash
# Measures the inference against its floor: the bare libtorch calls of the same shapes, nothing between them.
#
#   benchmarks/inference.sh transformer|t5 [--precision fp32|bf16|both] [--rounds N]
#   benchmarks/inference.sh vae
#   benchmarks/inference.sh load
#   benchmarks/inference.sh memory
#   benchmarks/inference.sh caches|weights [--rounds N]
#   benchmarks/inference.sh weight-memory
#
# transformer   2 layers of CogVideoX-2b's width on 13 latent frames of 30x44 and 226 text tokens
# t5            1 layer of T5 v1.1 XXL on 226 tokens
# vae           decodes 9 frames of 240x360 at the real models' width, each time in a process of its own
# load          from a folder of CogVideoX-2b's size to the end of a first step of 9 frames of 96x96, from a cold and
#               a warm cache; its floor reads the text encoder's and the transformer's files
# memory        the memory that --dry-run foretells for each stage and what the stage then took, in MiB
#
# caches        6 guided steps of 4 layers of CogVideoX-2b's width in bf16, exact and with step caches in turn: the ratio
#               of the processor's times, divided by the share of the blocks that was computed
# weights       one forward of the same with dense, fp8 and int8 weights, in turn
# weight-memory what the weights of the same are foretold to take in each format and what a forward then took, in MiB
#
# Both precisions and 3 rounds (2 for the VAE) when none is given. 2 threads; 4 GB of memory. For the last three:
#   PRECISIONS   "fp32 bf16" (the VAE)
#   ROUNDS       measurements of each kind, in turn
#   SIZES        "240x368x9 480x720x9": heights, widths and frames (memory)
#   WORK         a folder for random weights (a new one in $TMPDIR), 0.9 GB for the VAE, else 13 GB; deleted at the end
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

java_flags=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0)

make_work() {
  work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/cogvideo4j-inference.XXXXXX")
  trap "rm -rf -- '$work'" EXIT
}

make_model() {
  make_work
  benchmark inference.LoadBenchmark --sample "$root/testing/src/test/resources/golden/pipelines/t2v-2b" make "$work/model"
}

measure_load() {
  local cache round kind
  make_model
  printf '| | cache | seconds | |\n|---|---|---|---|\n'
  for cache in cold warm; do
    for ((round = 0; round < ${ROUNDS:-2}; round++)); do
      for kind in floor load; do
        benchmark inference.LoadBenchmark --cache "$cache" "$kind" "$work/model" 2>/dev/null
      done
    done
  done
}

measure_memory() {
  local size height width frames
  make_model
  printf '| stage | video | foretold, MiB | taken, MiB |\n|---|---|---|---|\n'
  for size in ${SIZES:-240x368x9 480x720x9}; do
    IFS=x read -r height width frames <<<"$size"
    benchmark inference.MemoryBenchmark --height "$height" --width "$width" --frames "$frames" "$work/model" 2>/dev/null
  done
}

measure_vae() {
  local precision round kind
  make_work
  printf '| | precision | wall, s | CPU, s | resident, MiB |\n|---|---|---|---|---|\n'
  for precision in ${PRECISIONS:-fp32 bf16}; do
    benchmark inference.VaeBenchmark --precision "$precision" make "$work/vae"
    for ((round = 0; round < ${ROUNDS:-2}; round++)); do
      for kind in floor decode; do
        benchmark inference.VaeBenchmark --precision "$precision" --threads 2 "$kind" "$work/vae" 2>/dev/null
      done
    done
  done
}

case ${1:-} in
  vae) measure_vae ;;
  load) measure_load ;;
  memory) measure_memory ;;
  caches | weights) benchmark inference.AccelerationBenchmark "$@" ;;
  weight-memory)
    for format in dense fp8 int8; do
      benchmark inference.AccelerationBenchmark memory --format "$format" 2>/dev/null
    done
    ;;
  *) benchmark inference.InferenceBenchmark "$@" ;;
esac
