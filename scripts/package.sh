#!/usr/bin/env bash
# Makes the distribution that needs neither JDK nor Maven: target/cogvideo-VERSION-linux-x86_64.tar.gz and its SHA-256.
# It holds a Java runtime, the program, native libraries, a sample for `cogvideo demo`, completion for bash, zsh and
# fish, and the licences of all parts. Needs what building needs, on the system that it is for.
#
#   scripts/package.sh [--no-build]       --no-build takes the jars that the last build left in cli/target, and Spark's
#                                         in cluster/target/spark
#   scripts/package.sh --spark [--no-build]   the archive of Spark's jars, which is unpacked in the folder of the
#                                         distribution: only batches need them. With them come the program and its
#                                         native libraries as jars, which travel with spark-submit
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 4
}
[[ $(uname -s)-$(uname -m) == Linux-x86_64 ]] || fail "this packages for linux-x86_64 and has to run there"
source cli/src/launcher/find-jdk.bash
find_jdk || fail "no JDK 25 found"

if [[ ${1:-} == --spark ]]; then
  version=$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml)
  if [[ ${2:-} != --no-build ]]; then
    rm -rf -- cluster/target/spark cli/target/lib
    JAVA_HOME=$jdk mvn -B -q -Pspark -pl cluster,cli -am -Dmaven.test.skip=true package
    cp -p -- cli/target/lib/jackson-annotations-*.jar cluster/target/spark/jars/
    : >cluster/target/spark/complete
  fi
  [[ -f cli/target/cogvideo.jar && -f cluster/target/spark/complete ]] || fail "the last build left no jars"
  stage=$root/target/package-spark/spark
  rm -rf -- "${stage%/*}"
  mkdir -p -- "$stage/jars" "$stage/submit/lib"
  cp -p -- cluster/target/spark/jars/*.jar "$stage/jars/"
  # What travels with spark-submit: the program, its jars and, inside them, native libraries. Spark logs by itself.
  cp -p -- cli/target/cogvideo.jar "$stage/submit/"
  for jar in cli/target/lib/*.jar; do
    case ${jar##*/} in
      slf4j-*) ;;
      *) cp -p -- "$jar" "$stage/submit/lib/" ;;
    esac
  done
  "$jdk/bin/java" scripts/package/Licences.java cluster/target/spark/jars "$stage/licences"
  "$jdk/bin/java" scripts/package/Licences.java cli/target/lib "$stage/licences/program"
  cp -a -- scripts/package/NATIVE.md scripts/package/texts/*.txt "$stage/licences/"
  cp -a -- LICENSE scripts/package/executor scripts/package/devices "$stage/"
  : >"$stage/complete"
  archive=target/cogvideo-spark-$version.tar.gz
  tar -C "${stage%/*}" --owner=0 --group=0 --numeric-owner -czf "$archive" spark
  (cd -- target && sha256sum "${archive##*/}" >"${archive##*/}.sha256")
  rm -rf -- "${stage%/*}"
  du -h "$archive"
  exit
fi

if [[ ${1:-} != --no-build ]]; then
  # What earlier builds copied may have another version.
  rm -rf -- cli/target/lib
  JAVA_HOME=$jdk mvn -B -q -pl cli -am -Dmaven.test.skip=true package
fi
[[ -f cli/target/cogvideo.jar ]] || fail "there is no cli/target/cogvideo.jar"

version=$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml)
name=cogvideo-$version-linux-x86_64
work=$root/target/package
stage=$work/$name
rm -rf -- "$work"
mkdir -p -- "$stage/bin" "$stage/lib/lib" "$stage/lib/native" "$stage/sample"

# java.desktop reads and writes images, java.management asks for memory, java.net.http fetches what a user asked for,
# java.sql and what PostgreSQL's driver needs (java.naming, java.security.jgss) are for the server's jobs, with
# jdk.security.auth Hadoop (in Spark) finds out who runs it, jdk.charsets knows GBK terminals, jdk.unsupported and
# java.logging are for the libraries.
"$jdk/bin/jlink" --output "$stage/runtime" --no-header-files --no-man-pages --strip-debug --generate-cds-archive \
  --add-modules java.base,java.desktop,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,jdk.charsets,jdk.security.auth,jdk.unsupported

cp -p -- cli/src/launcher/packaged "$stage/bin/cogvideo"
cp -p -- cli/src/launcher/start.bash "$stage/lib/start.bash"
cp -p -- cli/target/cogvideo.jar "$stage/lib/cogvideo.jar"
for jar in cli/target/lib/*.jar; do
  case $jar in
    # Their libraries are unpacked below.
    *-linux-x86_64.jar) ;;
    *) cp -p -- "$jar" "$stage/lib/lib/" ;;
  esac
done

# unpack JAR FOLDER: the native libraries in a folder of a jar, without their folders.
unpack() {
  rm -rf -- "$work/jar"
  mkdir -p -- "$work/jar"
  (cd -- "$work/jar" && "$jdk/bin/jar" xf "$1" "$2")
  find "$work/jar" -name '*.so*' -type f
}
for jar in cli/target/lib/*-linux-x86_64.jar; do
  unpack "$root/$jar" org/bytedeco | while IFS= read -r library; do
    case ${library##*/} in
      # Nothing asks for all of OpenBLAS at once.
      libjniopenblas_full.so) ;;
      *) mv -- "$library" "$stage/lib/native/" ;;
    esac
  done
done
# The name under which JavaCPP asks for it.
ln -s libopenblas.so.0 "$stage/lib/native/libopenblas_nolapack.so.0"
# The tokenizer's library looks for its own in a cache, by its version.
sentencepiece=$(echo "$root"/cli/target/lib/sentencepiece-*.jar)
(cd -- "$work" && "$jdk/bin/jar" xf "$sentencepiece" native/lib/sentencepiece.properties)
release=$(sed -n 's/^version=//p' "$work/native/lib/sentencepiece.properties")
rm -rf -- "$work/native"
mkdir -p -- "$stage/lib/native/sentencepiece/$release"
unpack "$sentencepiece" native/lib/linux-x86_64 | while IFS= read -r library; do
  mv -- "$library" "$stage/lib/native/sentencepiece/$release/"
done
# SQLite's would be unpacked at each start of a server.
unpack "$(echo "$root"/cli/target/lib/sqlite-jdbc-*.jar)" org/sqlite/native/Linux/x86_64 | while IFS= read -r library; do
  mv -- "$library" "$stage/lib/native/"
done
rm -rf -- "$work/jar"

resources=testing/src/test/resources
cp -a -- "$resources/fixtures/sample-t2v-2b/output/checkpoint-3" "$stage/sample/checkpoint-3"
cp -a -- "$resources/golden/pipelines/t2v-2b" "$stage/sample/t2v-2b"
cp -a -- LICENSE README.md README_zh.md CHANGELOG.md docs "$stage/"

"$jdk/bin/java" scripts/package/Licences.java cli/target/lib "$stage/licences"
cp -a -- scripts/package/NATIVE.md scripts/package/texts/*.txt "$stage/licences/"
"$stage/runtime/bin/java" -cp "$stage/lib/cogvideo.jar" io.github.cogvideo4j.cli.completion.Completions \
  "$stage/completion"

# The cache of loaded classes holds when the jars keep their times, and tar keeps them to the second.
find "$stage" -exec touch -h -d "@$(date +%s)" {} +
java=$stage/runtime/bin/java jar=$stage/lib/cogvideo.jar cache=$stage/lib/cogvideo.aot
source cli/src/launcher/start.bash
flags=("-Dcogvideo4j.root=$stage" "-Djava.library.path=$stage/lib/native" -Dorg.bytedeco.javacpp.pathsFirst=true)
program_flags
train "$work"
[[ -s $cache && -s $serve_cache ]] || fail "the caches of loaded classes could not be made"

archive=$root/target/$name.tar.gz
tar -C "$work" --owner=0 --group=0 --numeric-owner -czf "$archive" "$name"
(cd -- "$root/target" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
du -h "$archive"
rm -rf -- "$work"
