#!/usr/bin/env bash
# Watches a trainer that writes real checkpoints slowly, in two trainers' orders, and deletes old ones, while the watch
# is killed with SIGKILL at random moments. In the end every checkpoint must be in the report, none examined twice, none
# read before it was whole (its weights are known), and those that were deleted too early said to be so.
#
#   scripts/watch-kill-test.sh [KILLS [CHECKPOINTS]]      20 kills by default, five checkpoints for each
#   COGVIDEO=PROGRAM                                      the program, when it is not ./cogvideo
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

kills=${1:-20}
count=${2:-$((kills * 5))}
cogvideo=${COGVIDEO:-$root/cogvideo}
resources=$root/testing/src/test/resources
state=$resources/fixtures/sample-t2v-2b/output/checkpoint-3
base=$resources/golden/pipelines/t2v-2b
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-watch.XXXXXX")
run=$work/run
report=$work/report
trainer=
watcher=
trap 'kill -9 $trainer $watcher 2>/dev/null || true; rm -rf -- "$work"' EXIT

fail() {
  echo "FAILED: $*" >&2
  tail -n 5 -- "$work"/log.* >&2 || true
  entries >&2 || true
  exit 1
}

# A line for each checkpoint of the report: name, state, deleted, videos, change from the base.
entries() {
  [[ -f $report/report.json ]] || return 0
  awk -F'"' '
    /^      "name":/ { name = $4; state = ""; deleted = ""; videos = 0; change = "-"; base = 0 }
    /^      "state":/ { state = $4 }
    /^      "deleted":/ { deleted = ($0 ~ /true/) }
    /"video":/ { videos++ }
    /^      "from_base":/ { base = 1 }
    base && /^        "relative_change":/ { split($0, part, /[:,]/); change = part[2] + 0; base = 0 }
    /^      "alarms":/ { print name, state, deleted, videos, change }
  ' "$report/report.json"
}

# One that failed is waited for: where a machine is so busy that the trainer pauses for longer than the watch is
# patient, half a checkpoint looks damaged, and is examined when it is whole.
is_done() {
  entries | grep -q "^$1 \(done\|gone\) "
}

# Whether a watch works on a checkpoint, by what it printed; or has none left to work on.
begun() {
  grep -q '^checkpoint-' "$1" || is_done "checkpoint-$count"
}

# Whether a process has the lock of the report.
holds() {
  [[ -e $report/.lock ]] && grep -q "WRITE $1 [^ ]*:$(stat -c %i -- "$report/.lock") " /proc/locks
}

# A file in three pieces, as a slow disk takes it.
write() {
  local size
  size=$(stat -c %s -- "$1")
  mkdir -p -- "$(dirname -- "$2")"
  : >"$2"
  for piece in 0 1 2; do
    sleep 0.0$((RANDOM % 10))
    head -c $((size * (piece + 1) / 3)) -- "$1" | tail -c $((size * (piece + 1) / 3 - size * piece / 3)) >>"$2"
  done
}

# The first half as DeepSpeed writes: ranks in any order, "latest" last. The second as diffusers does, with weights that
# are the base's.
checkpoint() {
  local target=$run/checkpoint-$1
  mkdir -- "$target"
  if (($1 <= count / 2)); then
    find "$state/pytorch_model" -type f -printf '%f\n' | shuf | while read -r name; do
      write "$state/pytorch_model/$name" "$target/pytorch_model/$name"
    done
    write "$state/latest" "$target/latest"
  else
    write "$base/transformer/config.json" "$target/transformer/config.json"
    write "$base/transformer/diffusion_pytorch_model.safetensors" \
      "$target/transformer/diffusion_pytorch_model.safetensors"
  fi
}

# Keeps three, and deletes an older one when it has been examined; some are deleted at once.
train() {
  local oldest=1
  for ((step = 1; step <= count; step++)); do
    checkpoint "$step"
    if ((step % 17 == 11)); then
      rm -rf -- "$run/checkpoint-$step"
      echo "$step" >>"$work/deleted"
    fi
    while ((step - oldest >= 3)); do
      for ((i = 0; i < 600; i++)); do
        [[ -d $run/checkpoint-$oldest ]] && ! is_done "checkpoint-$oldest" || break
        sleep 0.5
      done
      rm -rf -- "$run/checkpoint-$oldest"
      oldest=$((oldest + 1))
    done
  done
}

watch() {
  exec "$cogvideo" watch "$run" --model "$base" --prompts "$work/prompts.txt" --output "$report" \
    --device cpu --threads 1 --interval 1 "$@"
}

mkdir -- "$run"
echo "a panda plays the guitar" >"$work/prompts.txt"
: >"$work/deleted"
train &
trainer=$!

for ((kill = 1; kill <= kills; kill++)); do
  # Every other kill falls while a checkpoint is worked on, however slow the machine is; the others anywhere.
  delay=$(((RANDOM * 32768 + RANDOM) % 24000))
  : >"$work/log.$kill"
  (watch) >>"$work/log.$kill" 2>&1 &
  watcher=$!
  for ((i = 0; kill % 2 == 0 && i < 240; i++)); do
    begun "$work/log.$kill" && break
    sleep 0.5
  done
  sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
  kill -9 "$watcher" 2>/dev/null || fail "the watch ended by itself"
  wait "$watcher" 2>/dev/null || true
  echo "kill $kill after $delay ms: $(entries | grep -c ' done ' || true) of $count examined"
done

: >"$work/log.last"
(watch) >>"$work/log.last" 2>&1 &
watcher=$!
for ((i = 0; i < 240; i++)); do
  holds "$watcher" && break
  sleep 0.5
done
code=0
(watch --once) >"$work/second" 2>&1 || code=$?
((code == 3)) && grep -q "another watch" "$work/second" || fail "a second watch on the report: $code, $(cat "$work/second")"

wait "$trainer" || fail "the trainer"
trainer=
for ((i = 0; i < 1200; i++)); do
  ! entries | grep -q ' \(unfinished\|waiting\|failed\) ' && is_done "checkpoint-$count" && break
  kill -0 "$watcher" 2>/dev/null || fail "the last watch ended by itself"
  sleep 0.5
done
kill -TERM "$watcher"
code=0
wait "$watcher" || code=$?
watcher=
((code == 143)) || fail "asked to end, the watch ended with $code"

before=$(sha256sum "$report/report.json")
(watch --once) >"$work/log.once" 2>&1 || fail "once more"
[[ $(sha256sum "$report/report.json") == "$before" ]] || fail "the report changed although nothing was new"

for ((step = 1; step <= count; step++)); do
  name=checkpoint-$step
  entry=$(entries | grep "^$name " || true)
  if grep -qx "$step" "$work/deleted"; then
    # It came and went within moments.
    [[ -z $entry || $entry == "$name gone 1 "* || $entry == "$name done 1 "* ]] || fail "deleted at once: $entry"
    continue
  fi
  expected=0
  ((step > count / 2)) || expected=0.041922
  [[ $entry == "$name done "[01]" 1 $expected" ]] || fail "missed, half-read or wrong: $name is '$entry'"
  [[ -s $report/videos/$name/1.mp4 ]] || fail "$name has no video"
  times=$(cat -- "$work"/log.* | grep -c "^$name: 1 video" || true)
  ((times <= 1)) || fail "$name was examined $times times"
done
[[ -z $(find "$report" -name '.*' ! -name .lock -print -quit) ]] || fail "something unfinished is left in the report"
echo "$count checkpoints, $kills kills: none missed, none half-read, none twice"
