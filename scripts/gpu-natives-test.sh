#!/usr/bin/env bash
# The whole inference suite on libtorch for CUDA, on a machine without a card. Not in CI: it wants a finished
# `cogvideo setup cuda`, 3 GB of native libraries. A stand-in for the driver lets them be chosen; libtorch then finds no
# card that it could use, and everything is computed on the processor, by the other build's code.
#
#   scripts/gpu-natives-test.sh      COGVIDEO_CUDA_HOME names the folder of the setup, if it is not the user's
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 4
}
cc=$(command -v gcc || command -v cc) || fail "there is no C compiler"
cat >"$work/driver.c" <<'C'
#include <string.h>
int cuInit(int flags) { return 0; }
int cuDriverGetVersion(int *v) { *v = 13000; return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strncpy(s, "Stand-in", n); return 0; }
int cuDeviceTotalMem_v2(unsigned long *b, int d) { *b = 24UL << 30; return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? 9 : 0; return 0; }
C
"$cc" -shared -fPIC -w -Wl,-soname,libcuda.so.1 -o "$work/libcuda.so.1" "$work/driver.c"

# libtorch says so itself, and only where its CUDA part was loaded.
./cogvideo --version
export LD_LIBRARY_PATH=$work
./cogvideo doctor --system --device cuda >"$work/doctor" 2>/dev/null || true
cat -- "$work/doctor"
grep -qF "✗ device: cuda was requested, but libtorch finds no usable CUDA device" "$work/doctor" ||
  fail "libtorch for CUDA is not what is loaded: run cogvideo setup cuda first"

nice -n 10 mvn -B -pl inference -am test -Dtest='io/github/cogvideo4j/inference/**/*Test' \
  -Dsurefire.failIfNoSpecifiedTests=false
