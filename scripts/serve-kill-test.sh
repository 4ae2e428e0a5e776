#!/usr/bin/env bash
# Kills `cogvideo serve` with SIGKILL at random moments while clients order, ask for, cancel and delete videos, starts it
# again each time, and looks at the end: every job whose creation was answered is there and ended as it should, a request
# that was sent again with its idempotency key made no second one, no file is without a row and no row without its files.
# Then one of two servers on one PostgreSQL is killed while it makes a video, which the other one has to begin within
# 60 seconds and to finish.
#
#   scripts/serve-kill-test.sh [KILLS] [LEASE]      50 kills on each store, and a lease of 45s, by default
#
# SQLite always; PostgreSQL where it is installed (see scripts/postgres.sh).
set -euo pipefail
kills=${1:-50} lease=${2:-45s}
[[ $kills =~ ^[0-9]+$ && $lease =~ ^[0-9]+s$ ]] || { printf 'usage: scripts/serve-kill-test.sh [KILLS] [LEASE]\n' >&2; exit 2; }
source "$(dirname -- "${BASH_SOURCE[0]}")/../benchmarks/prepare.bash"

work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-serve-kills.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
serving=("$jdk/bin/java" -Xmx256m -cp "$root/benchmarks/target/benchmarks.jar:$root/benchmarks/target/lib/*")
package=io.github.cogvideo4j.benchmarks.serving
model=$root/testing/src/test/resources/golden/pipelines/t2v-2b
options=(--lease "$lease")

printf 'SQLite: '
"${serving[@]}" "$package.ServerKills" --kills "$kills" "${options[@]}" "$root/cogvideo" "$model" "$work/sqlite"

if ! command -v initdb >/dev/null && ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
  printf 'PostgreSQL is not installed: only SQLite was tried.\n' >&2
  exit
fi
options+=(--store-from COGVIDEO4J_TEST_POSTGRES)
printf 'PostgreSQL: '
"$root/scripts/postgres.sh" "${serving[@]}" "$package.ServerKills" --kills "$kills" "${options[@]}" \
  "$root/cogvideo" "$model" "$work/postgres"
printf 'Two servers: '
"$root/scripts/postgres.sh" "${serving[@]}" "$package.ReplicaKill" "${options[@]}" "$root/cogvideo" "$model" "$work/replicas"
