package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.cluster.internal.row.Expansion;
import io.github.cogvideo4j.cluster.internal.row.RowFile;
import io.github.cogvideo4j.cluster.internal.store.Places;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request for many results of one kind: a file of rows, what all rows have in common, and the folder to fill.
///
/// A row ends once: what its content asks for has a key, its file a name made of that, and the manifest says what
/// became of it. The same request again does what is missing.
///
/// @param task     what is made of each row
/// @param rows     the file of rows: `.jsonl`, `.csv`, `.parquet`, or a text with one on each line
/// @param output   the folder to fill; as the file of rows a path, or a URI of a Hadoop file system
/// @param defaults the fields of a row that says nothing else; for videos the JSON form of a
///                 [io.github.cogvideo4j.inference.generation.GenerationRequest]
/// @param multiply what each row is multiplied by
/// @param share    the part of the rows that this process makes; empty for all
/// @param conduct  what is done about failures and rows that were made before
/// @param threads  how many threads an operation may use
/// @param scratch  where results lie until they are whole; empty for the system's folder
/// @param cluster  where Spark runs the rows; empty for this process
public record BatchRequest(
        TaskKind task,
        String rows,
        String output,
        ObjectNode defaults,
        Multiply multiply,
        Optional<Share> share,
        Conduct conduct,
        int threads,
        Optional<Path> scratch,
        Optional<Cluster> cluster)
        implements JobRequest<PlannedBatch> {
    private static final String JOB = "batch";
    private static final int VERSION = 1;

    /// What is made of the rows.
    public enum TaskKind {
        /// Videos.
        GENERATE,
        /// Model folders from checkpoints.
        CONVERT,
        /// Reports on model folders.
        VERIFY,
        /// Measurements of videos.
        SCORE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// What each row is multiplied by.
    ///
    /// @param seeds   the seeds of rows without one of their own; empty for the default's
    /// @param grid    settings with their values: every value with every other
    /// @param samples the number of videos for each prompt of VBench, which are exported under its names; their
    /// seeds
    ///                are drawn from the prompt
    public record Multiply(List<Long> seeds, Map<String, List<String>> grid, OptionalInt samples) {
        /// Copies the collections; the order of the settings stays.
        public Multiply {
            seeds = List.copyOf(seeds);
            grid = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(grid));
            if (samples.orElse(1) < 1) {
                throw new InvalidRequestException(
                        ProblemCode.REQUEST, Place.nowhere(), "inference.request.field", "samples");
            }
        }

        /// One result for each row.
        public static Multiply none() {
            return new Multiply(List.of(), Map.of(), OptionalInt.empty());
        }

        /// Reads seeds as users write them: `0..4`, `1,5,9`.
        ///
        /// @throws InvalidRequestException `request` for anything else
        public static List<Long> seeds(String text) {
            return Expansion.seeds(text);
        }
    }

    /// A part of the rows, for machines that know nothing of each other: every row is in one part, and the parts take
    /// about the same time.
    ///
    /// @param index which part, counted from 0
    /// @param count how many there are
    public record Share(int index, int count) {
        /// The most parts.
        public static final int MOST = 10_000;

        /// Checks the numbers.
        public Share {
            if (count < 1 || count > MOST || index < 0 || index >= count) {
                throw new InvalidRequestException(
                        ProblemCode.REQUEST, Place.nowhere(), "cluster.share", index, count, MOST);
            }
        }

        @Override
        public String toString() {
            return index + "-of-" + count;
        }
    }

    /// What is done about failures and rows that were made before.
    ///
    /// @param retryFailed whether rows that failed before are tried again
    /// @param append      whether other rows than those that the folder was begun with may be added
    /// @param maxFailures after how many failures the batch stops; empty: never
    public record Conduct(boolean retryFailed, boolean append, OptionalInt maxFailures) {
        /// Failures are noted and left alone.
        public static Conduct usual() {
            return new Conduct(false, false, OptionalInt.empty());
        }
    }

    /// A cluster of Apache Spark, whose classes have to be there.
    ///
    /// @param master    Spark's master: `spark://HOST:PORT`, `k8s://...`, `yarn`, `local`
    /// @param settings  settings of Spark that go before ours
    /// @param shipModel whether the model of all rows is copied to every executor; otherwise it lies under its name
    ///                  on each machine
    public record Cluster(String master, Map<String, String> settings, boolean shipModel) {
        /// The master that is a Spark inside this process, which makes a row at a time.
        public static final String EMBEDDED = "local";

        /// The system property with the class path that executors need besides Spark's.
        public static final String CLASS_PATH = "cogvideo4j.classpath";

        private static final String NATIVE_FIRST = "org.bytedeco.javacpp.pathsFirst";

        /// Copies the settings.
        public Cluster {
            settings = Map.copyOf(settings);
        }

        /// The options of an executor's Java. libtorch's memory is not the heap's, and what it logs is in Spark's log,
        /// not dropped as in the program.
        ///
        /// @param samePaths whether every machine has unpacked native libraries where this one has them
        public static String executorOptions(boolean samePaths) {
            StringBuilder options = new StringBuilder("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
                    + " -Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.logger=slf4j"
                    + " -Dslf4j.provider=org.apache.logging.slf4j.SLF4JServiceProvider"
                    + " --enable-native-access=ALL-UNNAMED");
            if (samePaths && Boolean.getBoolean(NATIVE_FIRST)) {
                for (String name : List.of(NATIVE_FIRST, "java.library.path", "DJL_CACHE_DIR")) {
                    Optional.ofNullable(System.getProperty(name))
                            .ifPresent(value -> options.append(" \"-D" + name + "=" + value + "\""));
                }
            }
            return options.toString();
        }

        /// Whether Spark's classes are in this process.
        public static boolean isHere() {
            return Places.hasSpark();
        }

        /// Whether a file of rows or a folder needs Spark's classes, whatever runs the rows: they read Parquet, and
        /// reach Hadoop's file systems.
        public static boolean isNeededFor(String place) {
            return Places.isRemote(place) || RowFile.isParquet(place);
        }
    }

    /// Copies the defaults.
    public BatchRequest {
        defaults = defaults.deepCopy();
    }

    /// A request without anything special.
    public static BatchRequest of(TaskKind task, String rows, String output, ObjectNode defaults) {
        return new BatchRequest(
                task,
                rows,
                output,
                defaults,
                Multiply.none(),
                Optional.empty(),
                Conduct.usual(),
                Runtime.getRuntime().availableProcessors(),
                Optional.empty(),
                Optional.empty());
    }

    /// The last name of the file of rows.
    public String name() {
        return rows.substring(rows.lastIndexOf('/') + 1);
    }

    /// The settings of the cluster, of which those that begin with `spark.hadoop.` count without one, too.
    public Map<String, String> settings() {
        return cluster.map(Cluster::settings).orElse(Map.of());
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Reads the rows, and what the folder holds of them.
    ///
    /// @throws InvalidRequestException `request` when the file of rows cannot be used; what is wrong with single
    /// rows is told by the plan
    @Override
    public PlannedBatch plan(JobControl control) throws IOException {
        return PlannedBatch.of(this, control);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = JsonFile.newObject();
        json.put("job", JOB);
        json.put("version", VERSION);
        json.put("task", task.toString());
        json.put(
                "rows",
                Places.isRemote(rows)
                        ? rows
                        : Places.path(rows).toAbsolutePath().normalize().toString());
        json.put("output", output);
        json.set("defaults", defaults);
        ArrayNode seeds = json.putArray("seeds");
        multiply.seeds().forEach(seeds::add);
        ObjectNode grid = json.putObject("grid");
        multiply.grid().forEach((name, values) -> {
            ArrayNode list = grid.putArray(name);
            values.forEach(list::add);
        });
        multiply.samples().ifPresent(count -> json.put("samples", count));
        share.ifPresent(part -> json.putArray("share").add(part.index()).add(part.count()));
        json.put("retry_failed", conduct.retryFailed());
        json.put("append", conduct.append());
        conduct.maxFailures().ifPresent(count -> json.put("max_failures", count));
        json.put("threads", threads);
        scratch.ifPresent(path -> json.put("scratch", path.toAbsolutePath().toString()));
        cluster.ifPresent(where -> {
            ObjectNode node = json.putObject("cluster");
            node.put("master", where.master());
            node.put("ship_model", where.shipModel());
            ObjectNode values = node.putObject("settings");
            new TreeMap<>(where.settings()).forEach(values::put);
        });
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static BatchRequest read(ObjectNode json) {
        Set<String> known = Set.of(
                "job",
                "version",
                "task",
                "rows",
                "output",
                "defaults",
                "seeds",
                "grid",
                "samples",
                "share",
                "retry_failed",
                "append",
                "max_failures",
                "threads",
                "scratch",
                "cluster");
        for (String name : json.propertyNames()) {
            require(known.contains(name), name);
        }
        require(json.path("job").asString("").equals(JOB), "job");
        require(json.path("version").asInt(0) == VERSION, "version");
        TaskKind task = Arrays.stream(TaskKind.values())
                .filter(kind -> kind.toString().equals(json.path("task").asString("")))
                .findFirst()
                .orElseThrow(() -> bad("task"));
        require(json.path("rows").isString(), "rows");
        require(json.path("output").isString(), "output");
        if (!(json.get("defaults") instanceof ObjectNode defaults)) {
            throw bad("defaults");
        }
        List<Long> seeds = new ArrayList<>();
        json.path("seeds").forEach(seed -> {
            require(seed.isIntegralNumber(), "seeds");
            seeds.add(seed.longValue());
        });
        Map<String, List<String>> grid = new LinkedHashMap<>();
        if (json.get("grid") instanceof ObjectNode settings) {
            for (String name : settings.propertyNames()) {
                List<String> values = new ArrayList<>();
                settings.get(name).forEach(value -> values.add(value.asString("")));
                grid.put(name, values);
            }
        }
        Optional<Share> share = json.has("share")
                ? Optional.of(new Share(
                        json.path("share").path(0).asInt(-1),
                        json.path("share").path(1).asInt(-1)))
                : Optional.empty();
        return new BatchRequest(
                task,
                json.get("rows").stringValue(),
                json.get("output").stringValue(),
                defaults,
                new Multiply(seeds, grid, number(json, "samples")),
                share,
                new Conduct(
                        json.path("retry_failed").asBoolean(false),
                        json.path("append").asBoolean(false),
                        number(json, "max_failures")),
                Math.max(1, number(json, "threads").orElse(1)),
                json.path("scratch").isString()
                        ? Optional.of(Path.of(json.path("scratch").stringValue()))
                        : Optional.empty(),
                json.get("cluster") instanceof ObjectNode where ? Optional.of(cluster(where)) : Optional.empty());
    }

    private static Cluster cluster(ObjectNode json) {
        require(json.path("master").isString(), "master");
        Map<String, String> settings = new LinkedHashMap<>();
        if (json.get("settings") instanceof ObjectNode values) {
            values.propertyNames()
                    .forEach(name -> settings.put(name, values.get(name).asString("")));
        }
        return new Cluster(
                json.get("master").stringValue(),
                settings,
                json.path("ship_model").asBoolean(false));
    }

    private static OptionalInt number(ObjectNode json, String name) {
        JsonNode value = json.get(name);
        if (value == null) {
            return OptionalInt.empty();
        }
        require(value.isIntegralNumber() && value.canConvertToInt(), name);
        return OptionalInt.of(value.intValue());
    }

    private static void require(boolean holds, String field) {
        if (!holds) {
            throw bad(field);
        }
    }

    private static InvalidRequestException bad(String field) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), "inference.request.field", field);
    }
}
