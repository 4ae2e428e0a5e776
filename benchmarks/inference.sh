#!/usr/bin/env bash
# Measures the inference against its floor: the bare libtorch calls of the same shapes, nothing between them.
#
#   benchmarks/inference.sh transformer|t5 [--precision fp32|bf16|both] [--rounds N]
#
# transformer   2 layers of CogVideoX-2b's width on 13 latent frames of 30x44 and 226 text tokens
# t5            1 layer of T5 v1.1 XXL on 226 tokens
#
# Both precisions and 3 rounds when none is given. 2 threads; 4 GB of memory.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

java_flags=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0)
benchmark inference.InferenceBenchmark "$@"
