#!/usr/bin/env bash
# Batches whose folder is in an HDFS (a name node and a data node) and in an object store (S3Proxy, which speaks S3 and
# has conditional writes), both started here on the loopback address. A batch is stopped in the middle; a second one
# beside it has to be refused; then the first is killed with -9 and started again. At the end every row is in the
# manifest once, and the videos, fetched from the store by Hadoop's own shell, are those of a batch on a disk, byte for
# byte. Jars come from Maven: 100 MB on first use.
#
#   scripts/hadoop-test.sh [ROWS]               12 rows, made by the embedded Spark
#   scripts/hadoop-test.sh --cluster [ROWS]     made by two workers of a master, which write to the store themselves
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
on_cluster=
if [[ ${1:-} == --cluster ]]; then
  on_cluster=yes
  shift
fi
rows=${1:-12}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

source scripts/spark-cluster.bash
small=(--model "$model" "${small[@]}")

write_rows "$work/rows.jsonl" "$rows"
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
# Spark has its own Netty and its own logging, and one program has only one of each.
rm -f -- "$work"/spark/jars/slf4j-*.jar "$work"/spark/jars/netty-*.Final.jar
for artifact in org.apache.hadoop:hadoop-client-minicluster:3.5.0 org.gaul:s3proxy:3.1.0:jar:jar-with-dependencies; do
  fetch "$copy:copy" "-Dartifact=$artifact" "-DoutputDirectory=$work/servers"
done
[[ -d $spark/jars ]] || fetch_spark
ln -s "$spark"/jars/*.jar "$work/spark/jars/"

cat >"$work/Hdfs.java" <<'JAVA'
import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.MiniDFSCluster;

class Hdfs {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set("dfs.namenode.http-address", "127.0.0.1:0");
        try (MiniDFSCluster cluster = new MiniDFSCluster.Builder(configuration, new File(arguments[0])).build()) {
            cluster.waitActive();
            System.out.println("at port " + cluster.getNameNodePort());
            for (int said = 0; ; Thread.sleep(100)) {
                FileStatus[] videos = cluster.getFileSystem().globStatus(new Path("/batch/out/videos/*.mp4"));
                if (videos != null && videos.length != said) {
                    said = videos.length;
                    System.out.println("videos " + said);
                }
            }
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
until_said hdfs '^at port'
until_said s3 'Started .*Server@'

# How many videos are in the store.
videos() {
  if [[ $place == hdfs:* ]]; then
    sed -n 's/^videos //p' "$work/hdfs.log" | tail -n 1
  else
    find "$work/bucket/videos/batch/out" -name '*.mp4' 2>/dev/null | wc -l
  fi
}
hadoop() {
  "${server[@]}" -cp "$work/conf:$work/spark/jars/*" org.apache.hadoop.fs.FsShell "$@" 2>"$work/hadoop.log" ||
    { tail -n 5 "$work/hadoop.log"; fail "hadoop fs $*"; }
}
# What a manifest says of each row, and what a folder's videos are.
said() { sed 's/.*"id":"\([^"]*\)".*"status":"\([a-z]*\)".*"sha256":"\([^"]*\)".*/\1 \2 \3/' "$1" | sort; }
hashes() { (cd -- "$1" && sha256sum -- *.mp4); }

spark=$work/spark
export COGVIDEO_SPARK_HOME=$spark SPARK_HOME=$spark HADOOP_CONF_DIR=$work/conf
export AWS_ACCESS_KEY_ID=name AWS_SECRET_ACCESS_KEY=secret
if [[ $on_cluster ]]; then
  start_master
  start_workers 2
  small+=(--master "spark://127.0.0.1:$port" "${here[@]}")
fi
for place in "hdfs://127.0.0.1:$(sed -n 's/^at port //p' "$work/hdfs.log")/batch/out" s3a://videos/batch/out; do
  scheme=${place%%:*}
  log=$work/$scheme.batch.log
  setsid "$program" batch "$work/rows.jsonl" "$place" "${small[@]}" --json >"$log" 2>&1 &
  batch=$!
  processes+=("$batch")
  waited=0
  until (($(videos) + 0 >= (rows + 3) / 4)); do
    kill -0 "$batch" 2>/dev/null || { tail -n 20 "$log"; fail "the batch on $place ended"; }
    ((++waited < 6000)) || fail "few videos on $place after a long time"
    sleep 0.1
  done
  # It lives and holds the folder, and comes no further, however long the second one takes to start.
  kill -STOP -- "-$batch" || fail "the batch on $place ended before it was stopped: give more rows"
  if "$program" batch "$work/rows.jsonl" "$place" "${small[@]}" >"$log.second" 2>&1; then
    fail "two batches at once on $place"
  fi
  grep -q 'being filled' "$log.second" ||
    { tail -n 5 "$log.second"; fail "the second batch on $place was refused for another reason"; }
  kill -9 -- "-$batch"
  wait "$batch" 2>/dev/null || true
  there=$("$program" batch "$work/rows.jsonl" "$place" "${small[@]}" --dry-run --json 2>"$log.there" |
    sed -n 's/.*"completed": *\([0-9]*\).*/\1/p') || { tail -n 5 "$log.there"; fail "the rows of $place"; }
  ((there > 0 && there < rows)) || fail "the batch on $place was killed with $there rows done: give more rows"
  printf '%s: a second batch was refused; killed with %s of %s rows done\n' "$scheme" "$there" "$rows"

  "$program" batch "$work/rows.jsonl" "$place" "${small[@]}" --parquet --json >"$log" 2>&1 ||
    { tail -n 30 "$log"; fail "the second run on $place"; }
  made=$(sed -n 's/.*"made": *\([0-9]*\).*/\1/p' "$log")
  ((made <= rows - there)) || fail "$made rows were made on $place, of which only $((rows - there)) were left"
  "$program" batch --verify --gc "$place" >"$log" 2>&1 || { tail -n 20 "$log"; fail "hashes on $place"; }

  mkdir -- "$work/$scheme"
  hadoop -get "$place/manifest.jsonl" "$place/videos" "$work/$scheme"
  diff <(said "$work/disk/manifest.jsonl") <(said "$work/$scheme/manifest.jsonl") || fail "the manifest of $place"
  diff <(hashes "$work/disk/videos") <(hashes "$work/$scheme/videos") || fail "the videos on $place"
  (($(hashes "$work/$scheme/videos" | wc -l) == rows)) || fail "not $rows videos on $place"
  printf '%s: %d rows in the manifest, each once; %d videos fetched, with the bytes of the disk\n' "$scheme" "$rows" "$rows"
done
