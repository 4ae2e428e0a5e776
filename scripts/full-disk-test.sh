#!/usr/bin/env bash
# Converts onto a disk that is too small, onto one that fills up meanwhile, and lets every command that writes do so on
# a full one. Each time: exit code 4, one error, no trace, and nothing left behind. The disk is a tmpfs, which only root can mount.
set -euo pipefail

if [[ $(uname) != Linux || $(id -u) != 0 ]]; then
  echo "skipped: mounting a small disk needs root on Linux"
  exit 0
fi
source "$(dirname -- "${BASH_SOURCE[0]}")/../benchmarks/prepare.bash"

work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-disk.XXXXXX")
disk=$work/disk
mkdir -- "$disk"
cleanup() {
  umount "$disk" 2>/dev/null || true
  rm -rf -- "$work"
}
trap cleanup EXIT
checkpoint=$work/checkpoint-500
benchmark synthetic.SyntheticCheckpoint --billions 0.1 --sparse-module "$checkpoint"

fail() {
  echo "FAILED: $*" >&2
  cat -- "$work/errors" >&2
  ls -lAR -- "$disk" >&2
  exit 1
}

mount_disk() {
  if ! mount -t tmpfs -o "size=$1" cogvideo4j "$disk" 2>/dev/null; then
    echo "skipped: this system allows no mounts"
    exit 0
  fi
}

# check CASE CODE
check() {
  (($2 == 4)) || fail "$1: exit code $2"
  (($(grep -c '^error: ' "$work/errors") == 1)) || fail "$1: not one error"
  if grep -qE '^\s+at |Exception' "$work/errors"; then fail "$1: a trace"; fi
  [[ -z $(ls -A -- "$disk") ]] || fail "$1: something is left"
  echo "$1: exit code 4, nothing left, and: $(grep '^error: ' "$work/errors")"
}

mount_disk 64m
code=0
"$root/cogvideo" convert "$checkpoint" "$disk/model" >/dev/null 2>"$work/errors" || code=$?
check "too small" "$code"
umount "$disk"

mount_disk 512m
"$root/cogvideo" convert "$checkpoint" "$disk/model" >/dev/null 2>"$work/errors" &
converter=$!
until find "$disk" -name '*.safetensors' -size +1M 2>/dev/null | grep -q .; do
  kill -0 "$converter" 2>/dev/null || fail "it ended before the disk could be filled"
done
# Held, so that it cannot finish first.
kill -STOP "$converter"
[[ ! -e $disk/model ]] || fail "it ended before the disk could be filled"
dd if=/dev/zero of="$disk/other" bs=1M status=none 2>/dev/null || true
kill -CONT "$converter"
code=0
wait "$converter" || code=$?
rm -- "$disk/other"
check "filled meanwhile" "$code"
umount "$disk"

# Every other command that writes, on a disk without a free block.
sample=$root/testing/src/test/resources
model=$sample/golden/pipelines/t2v-2b
video=$sample/golden/score/pattern.mp4
dialects=$sample/fixtures/lora-dialects
full() { # CASE ARGUMENT...
  local name=$1 code=0
  shift
  mount_disk 256k
  dd if=/dev/zero of="$disk/other" bs=4k status=none 2>/dev/null || true
  "$root/cogvideo" "$@" >/dev/null 2>"$work/errors" || code=$?
  rm -f -- "$disk/other"
  check "$name" "$code"
  umount "$disk"
}
full "lora extract" lora extract "$model" "$sample/fixtures/sample-t2v-2b/output/checkpoint-3" "$disk/a/b" --rank 4
full "lora convert" lora convert "$dialects/kohya-single/input/style_kohya.safetensors" "$disk/a/b" --to diffusers
full "lora export" lora export "$dialects/diffusers/input" "$disk/a/b"
full "lora fuse" lora fuse "$dialects/base" "$dialects/kohya-single/input/style_kohya.safetensors" "$disk/a/b"
full "vae encode" vae encode --model "$model" --video-path "$video" --output-path "$disk/a/b"
full "vae decode" vae both --model "$model" --video-path "$video" --output-path "$disk/a/b"
full "generate" generate --model "$model" --prompt x --num-inference-steps 1 --num-frames 9 --output-path "$disk/a/b.mp4"
full "generate, as pictures" generate --model "$model" --prompt x --num-inference-steps 1 --num-frames 9 --output-path "$disk/a/b"
full "score" score "$video" --html "$disk/a/b.html"
full "inspect" inspect "$model" --compare "$model" --html "$disk/a/b.html"
full "demo" demo "$disk/a/b"
