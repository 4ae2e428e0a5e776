#!/usr/bin/env bash
# Starts a PostgreSQL of its own for tests, on the loopback address, in a temporary folder, and runs a command with its
# JDBC URL in COGVIDEO4J_TEST_POSTGRES. Afterwards nothing is left of it.
#
#   scripts/postgres.sh mvn -o -pl server verify
#
# It needs Debian's package postgresql (or its programs on the path), and does not touch a cluster that runs already.
# As root it runs the server as the user postgres, because PostgreSQL refuses root.
set -euo pipefail

[[ $# -gt 0 ]] || { echo "usage: scripts/postgres.sh COMMAND..." >&2; exit 2; }

programs=$(command -v initdb >/dev/null && dirname -- "$(readlink -f -- "$(command -v initdb)")" || true)
if [[ -z $programs || ! -x $programs/pg_ctl ]]; then
  programs=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
fi
[[ -n $programs && -x $programs/initdb ]] || {
  echo "PostgreSQL is not installed: apt-get install postgresql" >&2
  exit 4
}

work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-postgres.XXXXXX")
as=()
if [[ $(id -u) == 0 ]]; then
  chown postgres -- "$work"
  as=(runuser -u postgres --)
fi
stop() {
  (cd / && "${as[@]}" "$programs/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1) || true
  rm -rf -- "$work"
}
trap stop EXIT

# A port that is free now; another one when someone took it meanwhile.
start() {
  port=$((20000 + RANDOM % 20000))
  (cd / && "${as[@]}" "$programs/pg_ctl" -D "$work/data" -w -t 60 -l "$work/log" \
    -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$work" start >/dev/null)
}
(cd / && "${as[@]}" "$programs/initdb" -D "$work/data" -U cogvideo -A trust -E UTF8 --no-sync >/dev/null)
start || start || start || { cat -- "$work/log" >&2; exit 4; }

COGVIDEO4J_TEST_POSTGRES="jdbc:postgresql://127.0.0.1:$port/postgres?user=cogvideo" "$@"
