#!/usr/bin/env bash
# Fuzzes one of the readers with Jazzer: scripts/fuzz.sh TARGET SECONDS [option for Jazzer or libFuzzer ...]
#
# TARGET is safetensors, zip, pickle, index or legacy (readers of formats), hub, ranks, table, adapter or gguf (readers of
# checkpoints). What is found lands in MODULE/target/fuzz/TARGET/found, the corpus that grew beside it; a later run goes on from there. docs/fuzzing.md tells what to do with a finding.
set -euo pipefail
unset CDPATH

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
usage() {
  printf 'usage: scripts/fuzz.sh TARGET SECONDS [OPTION ...]\n' >&2
  printf 'TARGET: safetensors zip pickle index legacy hub ranks table adapter gguf\n' >&2
  exit 2
}
case ${1:-} in
  safetensors | zip | pickle | index | legacy) module=formats package=formats seeds=Seeds ;;
  hub | ranks | table | adapter | gguf) module=checkpoints package=checkpoints seeds=JazzerEntry ;;
  *) usage ;;
esac
[[ ${2:-} =~ ^[0-9]+$ ]] || usage
target=$1 seconds=$2
shift 2

source "$root/cli/src/launcher/find-jdk.bash"
find_jdk || { printf 'error: no JDK 25 found: set JAVA_HOME\n' >&2; exit 4; }

work=$root/$module/target/fuzz/$target
mkdir -p -- "$work/corpus" "$work/found" "$work/tmp"
if [[ -z ${FUZZ_NO_BUILD:-} ]]; then
  (cd -- "$root" && mvn -q -Pfuzzing -pl "$module" -am test-compile dependency:build-classpath \
    -Dmdep.outputFile=target/fuzz-classpath)
fi
# A run lasts long: what is compiled meanwhile does not concern it.
rm -rf -- "$work/classes"
cp -R -- "$root/$module/target/classes" "$work/classes"
cp -R -- "$root/$module/target/test-classes/." "$work/classes/"

java=("$jdk/bin/java" -Xmx256m -Dcogvideo4j.root="$root" -Dfuzz.target="$target" -Djava.io.tmpdir="$work/tmp"
  --enable-native-access=ALL-UNNAMED -XX:+EnableDynamicAgentLoading
  -cp "$work/classes:$(<"$root/$module/target/fuzz-classpath")")
"${java[@]}" io.github.cogvideo4j.$package.fuzz.$seeds "$target" "$work/seeds"
cd -- "$work"
exec "${java[@]}" com.code_intelligence.jazzer.Jazzer \
  --target_class="io.github.cogvideo4j.$package.fuzz.JazzerEntry" \
  --instrumentation_includes='io.github.cogvideo4j.**:tools.jackson.core.**' \
  --instrumentation_excludes="io.github.cogvideo4j.$package.fuzz.**" \
  --reproducer_path="$work/found" \
  -artifact_prefix="$work/found/" -max_total_time="$seconds" -max_len=16384 -timeout=30 -rss_limit_mb=2048 \
  -print_final_stats=1 "$@" "$work/corpus" "$work/seeds"
