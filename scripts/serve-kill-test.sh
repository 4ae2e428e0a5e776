#!/usr/bin/env bash
# Kills servers with SIGKILL at random moments while they take and make jobs, starts them again, and looks at the end:
# every job that was accepted is there and was completed, no file is without a row and no row without its files. Then
# a server that is terminated while it computes, and one of two on the same PostgreSQL that is killed.
#
#   scripts/serve-kill-test.sh [KILLS]      50 kills on each store by default
#
# SQLite always; PostgreSQL too where it is installed (see scripts/postgres.sh).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

run=(mvn -q -pl server -am verify -Dtest=EngineKillTest -Dsurefire.failIfNoSpecifiedTests=false
  -Dcogvideo4j.kills="${1:-50}")
if command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
  exec scripts/postgres.sh "${run[@]}"
fi
echo "PostgreSQL is not installed: only SQLite is tried." >&2
exec "${run[@]}"
