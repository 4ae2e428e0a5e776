#!/usr/bin/env bash
# Checks a device: does it compute what the processor computes, how fast, and in how much of its memory. Ten minutes at
# most on one card; nothing is downloaded.
#
#   scripts/gpu-check.sh                          # the first CUDA device, everything
#   scripts/gpu-check.sh --device cpu --short     # the same ways at small sizes, below two minutes; a step of .ci/run
#
#   --device NAME    cuda, cuda:N, mps or cpu (cuda)
#   --short          small sizes, golden pipelines instead of models of the real size
#   --seconds N      how long it may take (600; 110 with --short); what does not fit is skipped, and said
#   --work FOLDER    where 36 GB of random weights go ($TMPDIR); deleted at the end
#   --out FILE       the tables, for docs/performance.md (gpu-check.md in the current folder)
#
# In order: operations against the processor, golden pipelines within their tolerances, speed by size and kernel,
# CogVideoX-2b and -5b at the real size with random weights by weight format and offload mode, memory that is used up
# with another video after it, and the reference's pipeline on the same weights where Python has torch and diffusers.
# Exits with 1 when something is wrong. GPU_CHECK_JAVA and GPU_CHECK_CLASSPATH stand in for a build on a machine that
# cannot make one.
set -euo pipefail

device=cuda seconds='' short='' work='' out=$PWD/gpu-check.md
while (($#)); do
  case $1 in
    --device) device=$2; shift 2 ;;
    --short) short=1; shift ;;
    --seconds) seconds=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    *) printf 'error: unknown option %s; see the head of %s\n' "$1" "$0" >&2; exit 2 ;;
  esac
done
seconds=${seconds:-$([[ -n $short ]] && echo 110 || echo 600)}
started=$SECONDS

here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
if [[ -n ${GPU_CHECK_CLASSPATH:-} ]]; then
  root=$(dirname -- "$here")
  java=${GPU_CHECK_JAVA:-java}
  classpath=$GPU_CHECK_CLASSPATH
else
  source "$here/../benchmarks/prepare.bash"
  java=$jdk/bin/java
  classpath=$root/benchmarks/target/benchmarks.jar:$root/benchmarks/target/lib/*
fi
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-5000}

work=$(mktemp -d "${work:-${TMPDIR:-/tmp}}/cogvideo4j-gpu-check.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

if [[ $device == cuda* ]] && command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
fi

# The reference gets its share of the time, where it can run.
reserved=0
if [[ -z $short && $device == cuda* ]] && python3 -c 'import diffusers, torch; assert torch.cuda.is_available()' 2>/dev/null; then
  reserved=120
fi

status=0
"$java" -Xmx1g -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 \
  -Dorg.bytedeco.javacpp.logger=slf4j -Dslf4j.internal.verbosity=ERROR \
  -cp "$classpath" io.github.cogvideo4j.benchmarks.device.GpuCheck \
  --device "$device" --seconds "$((seconds - reserved))" --out "$out" --work "$work" \
  --goldens "$root/testing/src/test/resources/golden" ${short:+--brief} || status=$?

# The reference on the same weights, in turn with what was measured above.
if [[ -z $short && $device == cuda* ]]; then
  for model in "$work"/random-*; do
    left=$((seconds - (SECONDS - started)))
    [[ -d $model ]] || continue
    if ((left < 60)); then
      printf 'skipped the reference on %s: no time is left for it\n' "${model##*/}"
      continue
    fi
    timeout "$left" python3 "$root/benchmarks/reference_pipeline.py" "$model" || printf '(no figures of the reference)\n'
  done
fi
printf 'took %d s; the tables are in %s\n' "$((SECONDS - started))" "$out"
exit "$status"
