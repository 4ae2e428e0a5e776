# Builds what the measurements and the tests from outside run. Sourced by scripts; sets root and jdk.

java_flags=()
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/cli/src/launcher/find-jdk.bash"
find_jdk || { echo "error: no JDK 25 found" >&2; exit 4; }
"$root/cogvideo" --version >/dev/null
(cd -- "$root" && JAVA_HOME=$jdk mvn -B -q -pl benchmarks -am -Dmaven.test.skip=true package) >/dev/null 2>&1 || {
  echo "error: the benchmarks do not build: mvn -pl benchmarks -am package" >&2
  exit 4
}

# As the launcher does.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-5000}

# benchmark CLASS ARGUMENT...: runs a main class of the benchmarks, with the flags in the array java_flags if there is one.
benchmark() {
  local class=$1
  shift
  "$jdk/bin/java" -Xmx256m "${java_flags[@]}" -cp "$root/benchmarks/target/benchmarks.jar:$root/benchmarks/target/lib/*" \
    "io.github.cogvideo4j.benchmarks.$class" "$@"
}
