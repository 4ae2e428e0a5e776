#!/usr/bin/env bash
# The detection of CUDA and its setup from outside, without a card: a driver and libraries of a few lines in C stand in
# for NVIDIA's. Needs a C compiler.
#
#   scripts/cuda-setup-test.sh      COGVIDEO names another program than ./cogvideo
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
cogvideo=${COGVIDEO:-$PWD/cogvideo}
model=$PWD/testing/src/test/resources/golden/pipelines/t2v-2b
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
cc=$(command -v gcc || command -v cc) || fail "there is no C compiler"

# driver NAME VERSION MAJOR MINOR INIT: a stand-in for libcuda.so.1 with one card.
driver() {
  mkdir -p -- "$work/driver/$1"
  cat >"$work/driver.c" <<'C'
#include <string.h>
int cuInit(int flags) { return INIT; }
int cuDriverGetVersion(int *v) { *v = VERSION; return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strncpy(s, "Stand-in", n); return 0; }
int cuDeviceTotalMem_v2(unsigned long *b, int d) { *b = 24UL << 30; return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? MAJOR : MINOR; return 0; }
C
  "$cc" -shared -fPIC -w -Wl,-soname,libcuda.so.1 -DVERSION="$2" -DMAJOR="$3" -DMINOR="$4" -DINIT="$5" \
    -o "$work/driver/$1/libcuda.so.1" "$work/driver.c"
}
driver good 13000 9 0 0
driver old 12080 9 0 0
driver oldcard 13000 7 0 0
driver mismatch 13000 9 0 803
mkdir -p -- "$work/driver/empty"
printf 'int nothing;\n' >"$work/empty.c"
"$cc" -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$work/driver/empty/libcuda.so.1" "$work/empty.c"

libraries="libcudart.so.13 libcupti.so.13 libcublasLt.so.13 libcublas.so.13 libnvJitLink.so.13 libcusparse.so.12
  libcusolver.so.12 libcufft.so.12 libcurand.so.10 libcufile.so.0 libnvrtc.so.13 libnvrtc-builtins.so.13.0 libnccl.so.2
  libcudnn.so.9 libcudnn_graph.so.9 libcudnn_ops.so.9 libcudnn_cnn.so.9 libcudnn_adv.so.9 libcudnn_heuristic.so.9
  libcudnn_engines_precompiled.so.9 libcudnn_engines_runtime_compiled.so.9"
mkdir -p -- "$work/cuda"
for library in $libraries; do
  "$cc" -shared -fPIC -Wl,-soname,"$library" -o "$work/cuda/$library" "$work/empty.c"
done

# With what every run has: a home of its own, nothing of the user's.
export HOME=$work/home COGVIDEO_CUDA_HOME=$work/cache COGVIDEO_CUDA_LIBRARIES=$work/cuda COGVIDEO_LANG=en
export COGVIDEO_JAVA_OPTS="${COGVIDEO_JAVA_OPTS:-} -Duser.home=$work/home"
unset CONDA_PREFIX VIRTUAL_ENV XDG_CACHE_HOME LD_LIBRARY_PATH
mkdir -p -- "$HOME"
version=$(sed -n 's:.*<pytorch.version>\(.*\)</pytorch.version>.*:\1:p' pom.xml)

# says DRIVER TEXT...: what the check says with a driver, and that a run on CUDA fails then.
says() {
  local with=$1 status=0
  shift
  LD_LIBRARY_PATH=$work/driver/$with "$cogvideo" doctor --system --device cuda >"$work/out" 2>"$work/err" || status=$?
  ((status == 1)) || fail "doctor ended with $status: $(cat "$work/out" "$work/err")"
  for text in "$@"; do
    grep -qF -- "$text" "$work/out" || fail "doctor with the driver $with does not say: $text; but: $(cat "$work/out")"
  done
  printf 'ok: %s: %s\n' "$with" "$1"
}
refused() { # DRIVER TEXT
  local status=0
  LD_LIBRARY_PATH=$work/driver/$1 "$cogvideo" generate --model "$model" --prompt x --device cuda \
    --output-path "$work/never.mp4" >"$work/out" 2>"$work/err" || status=$?
  ((status == 4)) || fail "generate --device cuda ended with $status: $(cat "$work/out" "$work/err")"
  grep -qF -- "$2" "$work/err" || fail "generate does not say: $2; but: $(cat "$work/err")"
  [[ ! -e $work/never.mp4 ]] || fail "a video was made in silence"
  printf 'ok: refused: %s\n' "$2"
}

says none "libcuda.so.1 was not found: no NVIDIA driver is installed"
says empty "the NVIDIA driver lacks functions that every driver for CUDA 13 has"
says old "it is for CUDA 12.8, and 13.0 is needed"
says mismatch "cuInit returns 803" "restart the machine"
says oldcard "Stand-in has compute capability 7.0, which is too old"
says good "✓ cuda-driver: the NVIDIA driver is for CUDA 13.0" "✓ cuda-card: cards: Stand-in (sm_90" \
  "✗ cuda-libtorch: libtorch for CUDA is not set up" "cogvideo setup cuda" \
  "✓ cuda-libraries: CUDA 13, NCCL 2, cuDNN 9 from COGVIDEO_CUDA_LIBRARIES"
refused good "libtorch for CUDA is not set up"

LD_LIBRARY_PATH=$work/driver/good "$cogvideo" generate --model "$model" --prompt x --dry-run >"$work/out" 2>"$work/err"
grep -qF "computing on the CPU although there is an NVIDIA card" "$work/err" || fail "auto passes the card over in silence"
grep -qF "cogvideo setup cuda" "$work/err" || fail "auto does not say what helps"
"$cogvideo" generate --model "$model" --prompt x --dry-run >"$work/out" 2>"$work/err"
! grep -qF NVIDIA "$work/err" || fail "auto speaks of a card where there is none"
printf 'ok: auto says in one line that a card is not set up, and nothing where there is none\n'

# Natives that are there and cannot be loaded; libraries that are missing or damaged.
natives=$COGVIDEO_CUDA_HOME/$version/pytorch
mkdir -p -- "$natives"
for library in libc10.so libc10_cuda.so libtorch.so libtorch_cpu.so libtorch_cuda.so libjnitorch.so; do
  printf 'damaged' >"$natives/$library"
done
for library in libcusolver.so.12 libnccl.so.2 libcudnn_ops.so.9; do
  mv -- "$work/cuda/$library" "$work/kept"
  case $library in libnccl*) says good "NCCL 2 was not found" ;; *) says good "lacks $library" ;; esac
  mv -- "$work/kept" "$work/cuda/$library"
done
cp -- "$work/cuda/libcufft.so.12" "$work/kept"
printf 'damaged' >"$work/cuda/libcufft.so.12"
refused good "cannot be opened: $work/cuda/libcufft.so.12"
mv -- "$work/kept" "$work/cuda/libcufft.so.12"
refused good "cuda was requested, but"
rm -r -- "$COGVIDEO_CUDA_HOME"

# A setup that is ended while it fetches. The Maven here begins and does not end.
mkdir -p -- "$work/bin"
cat >"$work/bin/mvn" <<'M'
#!/bin/sh
for word in "$@"; do case $word in -DoutputDirectory=*) printf half >"${word#*=}/half" ;; esac; done
echo $$ >"$WAITING"
exec sleep 600
M
chmod +x -- "$work/bin/mvn"
begin() {
  rm -f -- "$work/waiting"
  WAITING=$work/waiting PATH=$work/bin:$PATH "$cogvideo" setup cuda >"$work/out" 2>"$work/err" &
  program=$!
  for ((i = 0; i < 600; i++)); do
    if [[ -s $work/waiting ]]; then return; fi
    sleep 0.1
  done
  fail "setup does not ask Maven: $(cat "$work/out" "$work/err")"
}
begin
status=0
PATH=$work/bin:$PATH "$cogvideo" setup cuda >"$work/out" 2>"$work/err" || status=$?
grep -qF "another setup is running" "$work/err" || fail "two setups at once: $(cat "$work/out" "$work/err")"
kill -TERM "$program"
status=0
wait "$program" || status=$?
((status == 143)) || fail "setup that was asked to end ended with $status"
# An empty lock's file may stay: the process can end before it is deleted.
[[ -z $(find "$COGVIDEO_CUDA_HOME" -type f ! -name .setup.lock 2>/dev/null) ]] || fail "an ended setup left $(find "$COGVIDEO_CUDA_HOME")"
printf 'ok: a setup that is asked to end leaves nothing\n'
begin
kill -KILL "$program"
wait "$program" 2>/dev/null || true
kill -TERM "$(cat "$work/waiting")" 2>/dev/null || true
begin
found=$(find "$COGVIDEO_CUDA_HOME" -name half | wc -l)
((found == 1)) || fail "$found unfinished downloads lie there: what a killed setup left was not cleared"
kill -TERM "$program"
wait "$program" || true
printf 'ok: what a killed setup left is cleared by the next\n'
printf 'all passed\n'
