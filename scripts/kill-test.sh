#!/usr/bin/env bash
# Interrupts conversions with SIGKILL at random moments, half of them over an older result. Each time the target must
# be absent, the old one, or complete to the byte; the source must be untouched; the next run must succeed and clear
# what was left.
#
#   scripts/kill-test.sh [KILLS [BILLIONS]]       50 kills of a conversion of 0.1 billion parameters by default
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../benchmarks/prepare.bash"

kills=${1:-50}
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-kill.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
checkpoint=$work/checkpoint-500
target=$work/model
benchmark synthetic.SyntheticCheckpoint --billions "${2:-0.1}" --sparse-module "$checkpoint"

fail() {
  echo "FAILED: $*" >&2
  ls -lAR -- "$work" >&2
  exit 1
}

# One hash for the names and contents of all files of a folder.
fingerprint() {
  (cd -- "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum
}

# What a program that wrote to the source, even the same bytes, would change.
source_stat() {
  find "$checkpoint" -type f -exec stat -c '%n %s %y %z %i' {} + | sort
}

convert() {
  "$root/cogvideo" convert "$checkpoint" "$@" >"$work/log" 2>&1 || fail "convert $*: $(cat -- "$work/log")"
}

leftovers() {
  find "$work" -mindepth 1 -maxdepth 1 -name '.model.*'
}

source_before=$(fingerprint "$checkpoint")
stat_before=$(source_stat)
convert "$work/old" --dtype fp16
start=$(date +%s%N)
convert "$work/new"
millis=$((($(date +%s%N) - start) / 1000000))
old=$(fingerprint "$work/old")
new=$(fingerprint "$work/new")
[[ $old != "$new" ]] || fail "the two results are to differ"
echo "an undisturbed conversion takes $millis ms"

declare -A seen=()
for ((kill = 1; kill <= kills; kill++)); do
  rm -rf -- "$target"
  before=absent
  if ((kill % 2 == 0)); then
    cp -a -- "$work/old" "$target"
    before=old
  fi
  # A little beyond the end, so that the last step, too, is among the moments.
  delay=$(((RANDOM * 32768 + RANDOM) % (millis * 11 / 10 + 1)))
  # Not through a function: the process that is killed must be the converter itself.
  "$root/cogvideo" convert "$checkpoint" "$target" --overwrite >/dev/null 2>&1 &
  victim=$!
  sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
  kill -9 "$victim" 2>/dev/null || true
  wait "$victim" 2>/dev/null || true

  if [[ ! -e $target ]]; then
    state=absent
  else
    case $(fingerprint "$target") in
      "$old") state=old ;;
      "$new") state=complete ;;
      *) fail "kill $kill after $delay ms left a torn result" ;;
    esac
  fi
  left=$(leftovers | wc -l)
  [[ $(source_stat) == "$stat_before" ]] || fail "kill $kill after $delay ms: the source was touched"
  convert "$target" --overwrite
  [[ $(fingerprint "$target") == "$new" ]] || fail "the run after kill $kill gave another result"
  [[ -z $(leftovers) ]] || fail "the run after kill $kill left $(leftovers)"
  seen[$before-$state]=$((${seen[$before-$state]:-0} + 1))
  echo "kill $kill after $delay ms: $before before, $state after, $left left to clear"
done
[[ $(fingerprint "$checkpoint") == "$source_before" ]] || fail "the source's hashes changed"
"$root/cogvideo" verify "$target" >/dev/null || fail "verify"
echo "$kills kills (before-after):"
for key in "${!seen[@]}"; do echo "  $key: ${seen[$key]}"; done
