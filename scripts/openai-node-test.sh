#!/usr/bin/env bash
# The official Node client, unchanged, against a server with two small models: scripts/openai-node-test.sh
# Needs Node 20 or newer and npm, which brings the client in the version that the API is held to. Below
# scripts/postgres.sh the server's jobs are in that PostgreSQL, else in a file.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
version=6.49.0

for tool in node npm curl; do
  command -v "$tool" >/dev/null || { printf 'error: %s is missing\n' "$tool" >&2; exit 4; }
done

work=$(mktemp -d)
server=
finish() {
  local status=$?
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" || true
  fi
  if ((status != 0)) && [[ -f $work/server.log ]]; then cat "$work/server.log" >&2; fi
  rm -rf -- "$work"
  exit "$status"
}
trap finish EXIT

mkdir -- "$work/client"
(cd -- "$work/client" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund "openai@$version")
cp -- scripts/openai-node-test.mjs "$work/client/"

key=key-of-the-node-test-0123456789
printf 'node:%s\n' "$key" >"$work/keys"
chmod 600 "$work/keys"
export COGVIDEO_SERVE_STORE=${COGVIDEO4J_TEST_POSTGRES:-}
golden=$root/testing/src/test/resources/golden
# Built before the clock for the start runs.
./cogvideo --help >/dev/null
./cogvideo serve --model "t2v=$golden/pipelines/t2v-2b" --model "i2v=$golden/pipelines/i2v-5b" --port 0 \
  --data-dir "$work/data" --api-keys "$work/keys" --max-queue 6 >"$work/server.log" 2>&1 &
server=$!

address=
for ((i = 0; i < 600; i++)); do
  address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/server.log" | head -n 1) || true
  if [[ -n $address ]] && curl -fs "$address/readyz" >/dev/null; then break; fi
  kill -0 "$server" 2>/dev/null || { printf 'error: the server ended\n' >&2; exit 1; }
  sleep 0.5
done
[[ -n $address ]] || { printf 'error: the server told no address\n' >&2; exit 1; }

image=$(find "$golden/preprocess" -name '*.png' | sort | head -n 1)
(cd -- "$work/client" && node openai-node-test.mjs "$address/v1" "$key" "$image")
