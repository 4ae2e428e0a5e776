#!/usr/bin/env bash
# Interrupts prunings, and the emptying of their trash, with SIGKILL at random moments. Each time every checkpoint must
# be whole in the run or whole in the trash, or, once the trash is being emptied, have weights that are proven; the next
# run must succeed and finish what was begun.
#
#   scripts/prune-kill-test.sh [KILLS]       50 kills by default, of runs of three checkpoints, by turns of a model and of
#                                            an adapter
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

kills=${1:-50}
fixtures=$root/testing/src/test/resources/fixtures
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-prune.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

fail() {
  echo "FAILED: $*" >&2
  ls -lAR -- "$work" >&2
  exit 1
}

fingerprint() {
  (cd -- "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum
}

# A run of models, or of adapters: what its checkpoints are, and what stays of one.
prepare() {
  local first last
  rm -rf -- "$work/run" "$work/run-weights" "$work/run-trash"
  mkdir -p -- "$work/run"
  if [[ $1 == models ]]; then
    first=$fixtures/zero2-multi-bf16-w2/output/checkpoint-9 last=$fixtures/zero2-multi-bf16-w2/output/checkpoint-10
    base=() weights=cogvideo4j.json
  else
    first=$fixtures/lora-zero2-bf16-w2/output/checkpoint-3 last=$fixtures/lora-ddp-bf16-w2/output/checkpoint-3
    base=(--base "$fixtures/lora-zero2-bf16-w2/base") weights=pytorch_lora_weights.safetensors
  fi
  cp -a -- "$first" "$work/run/checkpoint-9"
  cp -a -- "$last" "$work/run/checkpoint-10"
  cp -a -- "$last" "$work/run/checkpoint-11"
  nine=$(fingerprint "$work/run/checkpoint-9")
  ten=$(fingerprint "$work/run/checkpoint-10")
}

prune() {
  "$root/cogvideo" prune "$work/run" "$@" "${base[@]}" --apply >"$work/log" 2>&1 || fail "prune $*: $(cat -- "$work/log")"
}

# Are the weights that stayed of a checkpoint whole?
sound() {
  if [[ $weights == cogvideo4j.json ]]; then
    "$root/cogvideo" verify "$work/run-weights/$1" >/dev/null
  else
    "$root/cogvideo" lora inspect "$work/run-weights/$1" "${base[@]}" >/dev/null
  fi
}

# Where a checkpoint is; a name for each of the states that may be.
place() {
  local name=$1 wanted=$2 emptying=$3
  if [[ -d $work/run/$name ]]; then
    [[ ! -e $work/run-trash/$name ]] || fail "$name is in two places"
    [[ $(fingerprint "$work/run/$name") == "$wanted" ]] || fail "$name is torn in the run"
    echo run
  elif [[ -d $work/run-trash/$name ]]; then
    [[ $(fingerprint "$work/run-trash/$name") == "$wanted" ]] || fail "$name is torn in the trash"
    [[ -f $work/run-weights/$name/$weights ]] || fail "$name is in the trash without weights"
    echo trash
  elif [[ $emptying == yes ]]; then
    sound "$name" || fail "$name is gone, and its weights are not sound"
    echo deleted
  else
    fail "$name is lost"
  fi
}

prepare models
start=$(date +%s%N)
prune --keep last:1
millis=$((($(date +%s%N) - start) / 1000000))
start=$(date +%s%N)
prune --empty
empty_millis=$((($(date +%s%N) - start) / 1000000))
echo "an undisturbed pruning takes $millis ms, emptying $empty_millis ms"

declare -A seen=()
for ((kill = 1; kill <= kills; kill++)); do
  if ((kill % 2)); then prepare models; else prepare adapters; fi
  if ((kill % 3 == 0)); then
    prune --keep last:1
    emptying=yes
    span=$empty_millis
    arguments=(--empty)
  else
    emptying=no
    span=$millis
    arguments=(--keep last:1)
  fi
  # The program needs a while to start, and a pruning waits for two seconds: moments before that would tell nothing.
  delay=$((span * 6 / 10 + (RANDOM * 32768 + RANDOM) % (span * 5 / 10 + 1)))
  "$root/cogvideo" prune "$work/run" "${arguments[@]}" "${base[@]}" --apply >/dev/null 2>&1 &
  victim=$!
  sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
  kill -9 "$victim" 2>/dev/null || true
  wait "$victim" 2>/dev/null || true

  state=$emptying-$(place checkpoint-9 "$nine" "$emptying")-$(place checkpoint-10 "$ten" "$emptying")
  [[ $(place checkpoint-11 "$ten" no) == run ]] || fail "checkpoint-11 was to stay"
  if [[ $emptying == no ]]; then
    prune --keep last:1
  fi
  prune --empty
  [[ $(ls -A -- "$work/run-trash") == journal.jsonl ]] || fail "the run after kill $kill left something in the trash"
  [[ $(ls -A -- "$work/run") == checkpoint-11 ]] || fail "the run after kill $kill did not finish"
  for name in checkpoint-9 checkpoint-10; do
    sound "$name" || fail "the weights of $name after kill $kill"
  done
  [[ -z $(find "$work/run-weights" -maxdepth 1 -name '.*' -type f -print -quit) ]] || fail "kill $kill left a lock"
  seen[$state]=$((${seen[$state]:-0} + 1))
  echo "kill $kill after $delay ms: $state"
done
echo "$kills kills (emptying-place of the first-place of the second):"
for key in "${!seen[@]}"; do echo "  $key: ${seen[$key]}"; done
