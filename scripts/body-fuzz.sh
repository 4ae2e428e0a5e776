#!/usr/bin/env bash
# Bodies of requests by the million against the server's front: scripts/body-fuzz.sh [COUNT] [FIRST-SEED]
# Ends with an error, and the seed, at the first answer of 500 or more.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
count=${1:-1000000} first=${2:-1}
[[ $count =~ ^[0-9]+$ && $first =~ ^[0-9]+$ ]] || { printf 'usage: scripts/body-fuzz.sh [COUNT] [FIRST-SEED]\n' >&2; exit 2; }

source "$root/cli/src/launcher/find-jdk.bash"
find_jdk || { printf 'error: no JDK 25 found: set JAVA_HOME\n' >&2; exit 4; }

(cd -- "$root" && mvn -q -pl server -am test-compile dependency:build-classpath -Dmdep.outputFile=target/fuzz-classpath)
exec "$jdk/bin/java" -Xmx256m --enable-native-access=ALL-UNNAMED -Dcogvideo4j.root="$root" \
  -cp "$root/server/target/test-classes:$root/server/target/classes:$(<"$root/server/target/fuzz-classpath")" \
  io.github.cogvideo4j.server.internal.http.BodyFuzz "$count" "$first"
