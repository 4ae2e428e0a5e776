package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The same command in a Java that has Spark's classes and the options that Spark needs of it. Only a batch on a
/// cluster pays for them.
final class SparkProcess {
    /// What Spark asks of a JVM, as `org.apache.spark.launcher.JavaModuleOptions` of 4.2 has it, without what its
    /// machine learning alone uses.
    private static final List<String> OPENED = List.of(
            "java.base/java.lang",
            "java.base/java.lang.invoke",
            "java.base/java.lang.reflect",
            "java.base/java.io",
            "java.base/java.net",
            "java.base/java.nio",
            "java.base/java.util",
            "java.base/java.util.concurrent",
            "java.base/java.util.concurrent.atomic",
            "java.base/jdk.internal.ref",
            "java.base/sun.nio.ch",
            "java.base/sun.nio.cs",
            "java.base/sun.util.calendar",
            "java.security.jgss/sun.security.krb5");

    private static final List<String> OPTIONS = List.of(
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-Dio.netty.tryReflectionSetAccessible=true",
            "-Dio.netty.allocator.type=pooled",
            "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
            "--sun-misc-unsafe-memory-access=allow",
            // Spark brings a log of its own; a terminal shows the batch's progress instead.
            "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider",
            "-Dslf4j.internal.verbosity=ERROR",
            "-Xmx1g");

    private final Console console;

    SparkProcess(Console console) {
        this.console = console;
    }

    /// Runs the command line there and waits for its end.
    ///
    /// @param embedded whether Spark itself runs in that process, too
    ExitCode run(List<String> arguments, boolean embedded) throws IOException {
        Path home = home();
        String ours = classPath();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-Xmx") && !option.startsWith("-XX:AOT"))
                .forEach(command::add);
        command.addAll(OPTIONS);
        if (embedded) {
            // It lives for what libtorch computes; the compiler that takes its time would only cost some.
            command.add("-XX:TieredStopAtLevel=1");
        }
        OPENED.forEach(name -> command.add("--add-opens=" + name + "=ALL-UNNAMED"));
        command.add("-D" + Cluster.CLASS_PATH + "=" + ours);
        command.add(ParentProcess.option());
        command.add("-cp");
        command.add(ours + File.pathSeparator + hadoop() + home.resolve("jars") + File.separator + "*");
        command.add("io.github.cogvideo4j.cli.Main");
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        Process process = builder.start();
        Thread ending = Thread.ofPlatform().unstarted(process::destroy);
        Runtime.getRuntime().addShutdownHook(ending);
        console.handOver();
        try {
            return ExitCode.of(process.waitFor());
        } catch (InterruptedException _) {
            process.destroy();
            Thread.currentThread().interrupt();
            return ExitCode.INTERRUPTED;
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(ending);
            } catch (IllegalStateException _) {
                // The virtual machine is going down, and the hook is running.
            }
        }
    }

    /// The folder with Hadoop's configuration, as `spark-submit` takes it.
    private String hadoop() {
        return Optional.ofNullable(console.environment().get("HADOOP_CONF_DIR"))
                .map(folder -> folder + File.pathSeparator)
                .orElse("");
    }

    /// Prints the line for `spark-submit` that runs the same batch. The jars of Spark's archive travel with it; others
    /// have to lie under the same path on every machine.
    void print(Cluster cluster, List<String> arguments) {
        Optional<Path> bundle = found().map(home -> home.resolve("submit")).filter(Files::isDirectory);
        Map<String, String> settings = new LinkedHashMap<>();
        List<String> words = new ArrayList<>(List.of("spark-submit", "--master", cluster.master()));
        words.addAll(List.of("--class", "io.github.cogvideo4j.cli.Main"));
        String program;
        if (bundle.isPresent()) {
            // Spark expands it.
            words.addAll(List.of("--jars", bundle.get().toAbsolutePath().resolve("lib") + "/*.jar"));
            settings.put("spark.driver.userClassPathFirst", "true");
            settings.put("spark.executor.userClassPathFirst", "true");
            program = bundle.get().resolve("cogvideo.jar").toAbsolutePath().toString();
        } else {
            String ours = classPath();
            settings.put("spark.driver.extraClassPath", ours);
            settings.put("spark.executor.extraClassPath", ours);
            program = ours.split(File.pathSeparator, 2)[0];
        }
        settings.put("spark.executor.extraJavaOptions", Cluster.executorOptions(bundle.isEmpty()));
        settings.putAll(cluster.settings());
        settings.forEach((name, value) -> words.addAll(List.of("--conf", name + "=" + value)));
        words.add(program);
        arguments.stream().filter(word -> !word.equals("--print-submit")).forEach(words::add);
        console.command(words);
    }

    /// Our jars, from anywhere.
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(part -> !part.isEmpty() && !part.contains(File.separator + "spark" + File.separator + "jars"))
                .map(part -> Path.of(part).toAbsolutePath().normalize().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /// Whether Spark is there: in this process, or in a folder.
    boolean isThere() {
        return Cluster.isHere() || found().isPresent();
    }

    private Path home() {
        return found().orElseThrow(() -> new MissingCapabilityException(
                Problem.of(ProblemCode.NATIVE_LIBRARY, Place.nowhere(), "cli.batch.no-spark")));
    }

    /// The folder with Spark's jars: the one that is named, or else a checkout's, a distribution's, the system's.
    private Optional<Path> found() {
        Map<String, String> environment = console.environment();
        Optional<Path> root =
                Optional.ofNullable(System.getProperty("cogvideo4j.root")).map(Path::of);
        Optional<String> named = Optional.ofNullable(environment.get("COGVIDEO_SPARK_HOME"));
        Stream<Optional<Path>> places = named.isPresent()
                ? Stream.of(named.filter(name -> !name.isEmpty()).map(Path::of))
                : Stream.of(
                        root.map(folder -> folder.resolve("cluster/target/spark")),
                        root.map(folder -> folder.resolve("spark")),
                        Optional.ofNullable(environment.get("SPARK_HOME")).map(Path::of));
        return places.flatMap(Optional::stream)
                .filter(place -> Files.isDirectory(place.resolve("jars")))
                .findFirst();
    }
}
