#!/usr/bin/env bash
# Unpacks the distribution that scripts/package.sh made, in an empty folder, and uses it as somebody without Java,
# without a home and with nothing in the environment would.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

archives=("$root"/target/cogvideo-*-linux-x86_64.tar.gz)
archive=${archives[0]}
[[ -f $archive ]] || fail "there is no archive: run scripts/package.sh"
(cd -- target && sha256sum --quiet -c "${archive##*/}.sha256") || fail "the checksum does not fit"
work=$(mktemp -d "${TMPDIR:-/tmp}/cogvideo4j-package.XXXXXX")
trap 'chmod -R u+w -- "$work"; rm -rf -- "$work"' EXIT
tar -C "$work" -xzf "$archive"
program=("$work"/cogvideo-*/bin/cogvideo)
home=${program[0]%/bin/cogvideo}
mkdir -- "$work/empty"
cd -- "$work/empty"

bare() { env -i PATH=/usr/bin:/bin TMPDIR="$work/empty" "$@"; }
! bare bash -c 'command -v java' >/dev/null || echo "(there is a Java on the bare PATH; it is not used)"
bare "${program[0]}" --help >help.txt || fail "--help"
grep -q '^Example' help.txt || fail "--help shows no example"
bare "${program[0]}" demo || fail "demo"
[[ -s cogvideo-demo.mp4 && -s cogvideo-demo.mp4.json && -d cogvideo-demo ]] || fail "demo left no video"
# Not even a home that can be written is needed, nor a place beside the program.
chmod -R a-w -- "$home"
bare HOME=/nonexistent "${program[0]}" verify cogvideo-demo || fail "verify"
if ((EUID == 0)) && command -v setpriv >/dev/null; then
  # Somebody else, with neither a home nor a place for temporary files.
  mkdir -m 777 -- "$work/other"
  chmod 755 -- "$work"
  (cd -- "$work/other" && env -i PATH=/usr/bin:/bin HOME=/nonexistent TMPDIR=/nonexistent \
    setpriv --reuid=65534 --regid=65534 --clear-groups "${program[0]}" demo) || fail "demo as another user"
fi
# A server answers, and ends when it is told to.
(exec env -i PATH=/usr/bin:/bin TMPDIR="$work/empty" HOME=/nonexistent "${program[0]}" \
  serve --model "$home/sample/t2v-2b" --port 0 --data-dir "$work/data" >serve.txt 2>&1) &
server=$!
port=
for ((i = 0; i < 1200; i++)); do
  port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' serve.txt | head -n 1)
  if [[ -n $port ]] || ! kill -0 "$server" 2>/dev/null; then break; fi
  sleep 0.1
done
[[ -n $port ]] || fail "serve: $(cat serve.txt)"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
grep -q '"num_frames"' <&3 || fail "serve does not tell its model"
exec 3>&-
kill -TERM "$server"
status=0
wait "$server" || status=$?
((status == 143)) || fail "serve ended with $status: $(cat serve.txt)"
[[ $(tail -n 1 serve.txt) == stopped ]] || fail "serve does not say that it stopped: $(cat serve.txt)"
rm -rf -- serve.txt help.txt cogvideo-demo cogvideo-demo.mp4 cogvideo-demo.mp4.json
left=$(ls -A)
[[ -z $left ]] || fail "left behind: $left"
for file in completion/cogvideo.bash completion/cogvideo.zsh completion/cogvideo.fish licences/PARTS.md licences/NATIVE.md LICENSE; do
  [[ -s $home/$file ]] || fail "the archive has no $file"
done
for text in $(grep -o '`[A-Za-z0-9.-]*\.txt`' "$home/licences/NATIVE.md" | tr -d '`' | sort -u); do
  [[ -s $home/licences/$text ]] || fail "the archive has no licences/$text"
done
"$root/scripts/completion-test.sh" "$home/completion" || fail "completion"

# The best of some starts, against the checkout.
best() {
  local best=999999 start millis run
  for run in 1 2 3 4 5 6 7; do
    start=$(date +%s%N)
    "$@" --help >/dev/null
    millis=$((($(date +%s%N) - start) / 1000000))
    ((millis >= best)) || best=$millis
  done
  printf '%s' "$best"
}
printf -- '--help: %s ms packaged' "$(best "${program[0]}")"
[[ ! -f $root/cli/target/cogvideo.jar ]] || printf ', %s ms from the checkout' "$(best "$root/cogvideo")"
printf '\npackage: all passed\n'
