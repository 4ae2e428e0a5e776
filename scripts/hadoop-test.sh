#!/usr/bin/env bash
# Batches whose folder is in an HDFS (a name node and a data node) and in an object store (S3Proxy, which speaks S3 and
# has conditional writes), both started here on the loopback address. A batch is killed with -9 in the middle, started
# again beside a second one that has to be refused, and every video has to be there once, with the bytes that a batch
# on a disk makes. Jars come from Maven: 100 MB on first use.
#
#   scripts/hadoop-test.sh [ROWS]     12 rows
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
rows=${1:-12}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

program=${COGVIDEO_PROGRAM:-$root/cogvideo}
spark=${COGVIDEO_SPARK_HOME:-$root/cluster/target/spark}
model=$root/testing/src/test/resources/golden/pipelines/t2v-2b
small=(--model "$model" --device cpu --height 48 --width 80 --num-frames 5 --num-inference-steps 1 --threads 1)
source cli/src/launcher/find-jdk.bash
find_jdk || fail "no JDK 25 found"

work=$(mktemp -d)
processes=()
clean() {
  for one in "${processes[@]}"; do kill -9 "$one" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf -- "$work"
}
trap clean EXIT

for ((i = 1; i <= rows; i++)); do
  printf '{"id": "row-%d", "prompt": "scene %d", "seed": %d}\n' "$i" "$i" "$i"
done >"$work/rows.jsonl"
"$program" batch "$work/rows.jsonl" "$work/disk" "${small[@]}" >"$work/disk.log" 2>&1 ||
  { tail -n 20 "$work/disk.log"; fail "the batch on a disk"; }

# Spark's folder, with what S3 needs besides.
cat >"$work/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>hadoop</groupId><artifactId>test</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.hadoop</groupId><artifactId>hadoop-aws</artifactId><version>3.5.0</version>
      <exclusions>
        <exclusion><groupId>software.amazon.awssdk</groupId><artifactId>bundle</artifactId></exclusion>
        <exclusion><groupId>org.slf4j</groupId><artifactId>*</artifactId></exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>software.amazon.awssdk</groupId><artifactId>s3-transfer-manager</artifactId><version>2.57.8</version>
    </dependency>
    <dependency>
      <groupId>software.amazon.awssdk</groupId><artifactId>apache-client</artifactId><version>2.57.8</version>
    </dependency>
    <dependency>
      <groupId>software.amazon.awssdk</groupId><artifactId>sts</artifactId><version>2.57.8</version>
    </dependency>
  </dependencies>
</project>
POM
fetch() { JAVA_HOME=$jdk mvn -q -B "$@" >>"$work/maven.log" 2>&1 || { tail -n 20 "$work/maven.log"; fail "Maven: $*"; }; }
copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
mkdir -p "$work/spark/jars" "$work/servers" "$work/conf" "$work/bucket/videos"
fetch -f "$work/pom.xml" "$copy:copy-dependencies" -DincludeScope=runtime "-DoutputDirectory=$work/spark/jars"
rm -f -- "$work"/spark/jars/slf4j-*.jar
for artifact in org.apache.hadoop:hadoop-client-minicluster:3.5.0 org.gaul:s3proxy:3.1.0:jar:jar-with-dependencies; do
  fetch "$copy:copy" "-Dartifact=$artifact" "-DoutputDirectory=$work/servers"
done
if [[ ! -d $spark/jars ]]; then
  "$program" batch "$work/rows.jsonl" "$work/embedded" "${small[@]}" --master local >"$work/spark.log" 2>&1 || true
fi
[[ -d $spark/jars ]] || fail "there is no $spark/jars"
ln -s "$spark"/jars/*.jar "$work/spark/jars/"

cat >"$work/Hdfs.java" <<'JAVA'
import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

class Hdfs {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set("dfs.namenode.http-address", "127.0.0.1:0");
        try (MiniDFSCluster cluster = new MiniDFSCluster.Builder(configuration, new File(arguments[0])).build()) {
            cluster.waitActive();
            System.out.println("at port " + cluster.getNameNodePort());
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
JAVA
port=$((20000 + RANDOM % 20000))
cat >"$work/s3.conf" <<CONF
s3proxy.authorization=none
s3proxy.endpoint=http://127.0.0.1:$port
jclouds.provider=filesystem-nio2
jclouds.identity=name
jclouds.credential=secret
jclouds.filesystem.basedir=$work/bucket
CONF
cat >"$work/conf/core-site.xml" <<CONF
<configuration>
  <property><name>fs.s3a.endpoint</name><value>http://127.0.0.1:$port</value></property>
  <property><name>fs.s3a.endpoint.region</name><value>us-east-1</value></property>
  <property><name>fs.s3a.path.style.access</name><value>true</value></property>
</configuration>
CONF

server=("$jdk/bin/java" -Xmx400m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --sun-misc-unsafe-memory-access=allow
  --enable-native-access=ALL-UNNAMED)
mockito=$(find "$HOME/.m2/repository/org/mockito/mockito-core" -name 'mockito-core-*.jar' | sort | tail -n 1)
"${server[@]}" -cp "$work/servers/hadoop-client-minicluster-3.5.0.jar:$work/spark/jars/*:$mockito" "$work/Hdfs.java" "$work/dfs" \
  >"$work/hdfs.log" 2>&1 &
processes+=("$!")
"${server[@]}" -jar "$work/servers/s3proxy-3.1.0-jar-with-dependencies.jar" --properties "$work/s3.conf" >"$work/s3.log" 2>&1 &
processes+=("$!")
# until_said NAME WORDS
until_said() {
  local waited=0
  until grep -q "$2" "$work/$1.log"; do
    ((++waited < 1200)) || { tail -n 20 "$work/$1.log"; fail "$1 does not start"; }
    sleep 0.5
  done
}
until_said hdfs '^at port'
until_said s3 'Started .*Server@'

export COGVIDEO_SPARK_HOME=$work/spark HADOOP_CONF_DIR=$work/conf AWS_ACCESS_KEY_ID=name AWS_SECRET_ACCESS_KEY=secret
for place in "hdfs://127.0.0.1:$(sed -n 's/^at port //p' "$work/hdfs.log")/batch/out" s3a://videos/batch/out; do
  log=$work/${place%%:*}.batch.log
  setsid "$program" batch "$work/rows.jsonl" "$place" "${small[@]}" --json >"$log" 2>&1 &
  batch=$!
  processes+=("$batch")
  # Until some rows are committed: a dry run reads them without disturbing anyone.
  waited=0
  while :; do
    kill -0 "$batch" 2>/dev/null || { tail -n 20 "$log"; fail "the batch on $place ended"; }
    done_=$("$program" batch "$work/rows.jsonl" "$place" "${small[@]}" --dry-run --json 2>/dev/null |
      sed -n 's/.*"completed": *\([0-9]*\).*/\1/p' || true)
    if ((${done_:-0} > 0)); then break; fi
    ((++waited < 300)) || fail "no row on $place after a long time"
  done
  if "$program" batch "$work/rows.jsonl" "$place" "${small[@]}" >"$log.second" 2>&1; then
    kill -0 "$batch" 2>/dev/null || fail "the batch on $place ended before a second one began: give more rows"
    fail "two batches at once on $place"
  fi
  grep -q "$batch\|being filled" "$log.second" || { tail -n 5 "$log.second"; fail "the second batch on $place was refused for another reason"; }
  kill -9 -- "-$batch"
  wait "$batch" 2>/dev/null || true
  printf '%s: killed with %s rows done\n' "${place%%:*}" "$done_"
  "$program" batch "$work/rows.jsonl" "$place" "${small[@]}" --parquet --json >"$log" 2>&1 ||
    { tail -n 30 "$log"; fail "the second run on $place"; }
  made=$(sed -n 's/.*"made": *\([0-9]*\).*/\1/p' "$log")
  ((made <= rows - done_)) || fail "$made rows were made again on $place, of which $done_ were done"
  "$program" batch --verify --gc "$place" >"$log" 2>&1 || { tail -n 20 "$log"; fail "hashes on $place"; }
  # The manifest says of every row the hash that the disk has.
  "${server[@]}" -cp "$work/conf:$work/spark/jars/*" org.apache.hadoop.fs.FsShell -cat "$place/manifest.jsonl" \
    >"$work/manifest.jsonl" 2>"$work/cat.log" || { tail -n 5 "$work/cat.log"; fail "$place/manifest.jsonl"; }
  hashes() { sed 's/.*"id":"\([^"]*\)".*"status":"\([a-z]*\)".*"sha256":"\([^"]*\)".*/\1 \2 \3/' "$1" | sort; }
  diff <(hashes "$work/disk/manifest.jsonl") <(hashes "$work/manifest.jsonl") || fail "$place differs from the disk"
  printf '%s: %d rows, each once, with the bytes of the disk\n' "${place%%:*}" "$rows"
done
