#!/usr/bin/env bash
# The whole inference suite on libtorch for CUDA, on a machine without a card. Not in CI: it wants a finished
# `cogvideo setup cuda`, 3 GB of native libraries. A stand-in for the driver shows first that they are chosen and loaded;
# everything is then computed on the processor, by the other build's code.
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

# In one process of many tests the first decides which libtorch there is, and that may be one that asks for the processor:
# here JavaCPP is told by hand, and the libraries are found by the system's loader.
home=${COGVIDEO_CUDA_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/cogvideo4j/cuda}
version=$(sed -n 's:.*<pytorch.version>\(.*\)</pytorch.version>.*:\1:p' pom.xml)
folders=${COGVIDEO_CUDA_LIBRARIES:-}
for folder in "$home/$version"/cuda-redist*; do
  if [[ -d $folder ]]; then folders=$folders:$folder; fi
done
while IFS= read -r folder; do folders=$folders:$folder; done < <(
  sed -n 's:^ *"\(/.*\)",\{0,1\}$:\1:p' "$home/$version/setup.json"
)
export LD_LIBRARY_PATH=${folders#:}
options=(-Dorg.bytedeco.javacpp.platform.extension=-gpu -Dorg.bytedeco.javacpp.pathsFirst=true
  "-Dorg.bytedeco.javacpp.platform.preloadpath=$home/$version/pytorch" -Djava.library.path=
  "-Dorg.bytedeco.javacpp.cachedir=$work/cache")
JAVA_TOOL_OPTIONS="${options[*]}" nice -n 10 mvn -B -pl inference -am test -Dtest='io/github/cogvideo4j/inference/**/*Test' \
  -Dsurefire.failIfNoSpecifiedTests=false
