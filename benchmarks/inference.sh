#!/usr/bin/env bash
# Measures the inference against its floor: the bare libtorch calls of the same shapes, nothing between them.
#
#   benchmarks/inference.sh transformer|t5 [--precision fp32|bf16|both] [--rounds N]
#   benchmarks/inference.sh vae
#
# transformer   2 layers of CogVideoX-2b's width on 13 latent frames of 30x44 and 226 text tokens
# t5            1 layer of T5 v1.1 XXL on 226 tokens
# vae           decodes 9 frames of 240x360 at the real models' width, each time in a process of its own
#
# Both precisions and 3 rounds (2 for the VAE) when none is given. 2 threads; 4 GB of memory. For the VAE:
#   PRECISIONS   "fp32 bf16"
#   ROUNDS       measurements of each kind, in turn
#   WORK         a folder for 0.9 GB of random weights (a new one in $TMPDIR), deleted at the end
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

java_flags=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0)

measure_vae() {
  local work precision round kind
  work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/cogvideo4j-inference.XXXXXX")
  trap "rm -rf -- '$work'" EXIT
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
  *) benchmark inference.InferenceBenchmark "$@" ;;
esac
