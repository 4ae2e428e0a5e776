package io.github.cogvideo4j.cli.setup;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetcher;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Scanner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Archives through the Maven that builds the program: the user's mirrors, proxies and passwords count, and
/// what was fetched before is not fetched again.
///
/// @param maven the program `mvn`
record MavenFetcher(Path maven) implements Fetcher {
    private static final String PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0";
    private static final Pattern PROGRESS =
            Pattern.compile("Progress \\(\\d+\\): .*?(\\d+(?:\\.\\d)?)(?:/\\d+(?:\\.\\d)?)? (B|kB|MB|GB)");
    private static final Map<String, Double> UNITS = Map.of("B", 1.0, "kB", 1e3, "MB", 1e6, "GB", 1e9);

    /// The Maven of this machine, if there is one.
    static Optional<Path> find(Map<String, String> environment) {
        Stream<Path> onPath = Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isBlank())
                .map(folder -> Path.of(folder, "mvn"));
        Stream<Path> homes = Stream.of("MAVEN_HOME", "M2_HOME")
                .map(name -> environment.getOrDefault(name, ""))
                .filter(home -> !home.isBlank())
                .map(home -> Path.of(home, "bin", "mvn"));
        return Stream.concat(onPath, homes).filter(Files::isExecutable).findFirst();
    }

    @Override
    public Fetched fetch(Artifact artifact, Path folder, JobControl control) throws IOException {
        // A checksum that differs stops Maven, which otherwise only warns.
        Process process = new ProcessBuilder(List.of(
                        maven.toString(),
                        "--strict-checksums",
                        PLUGIN + ":copy",
                        "-Dartifact=" + artifact.coordinates(),
                        "-DoutputDirectory=" + folder.toAbsolutePath()))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .start();
        process.getOutputStream().close();
        Thread cleaner = Thread.ofPlatform().unstarted(process::destroy);
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            String last = watch(process, control);
            if (process.waitFor() != 0) {
                throw HttpFetcher.failed("cli.setup.maven", artifact.coordinates(), last);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw HttpFetcher.failed("cli.setup.maven", artifact.coordinates(), "");
        } finally {
            process.destroy();
            removed(cleaner);
        }
        Path file = folder.resolve(artifact.fileName());
        if (!Files.isRegularFile(file)) {
            throw HttpFetcher.failed("cli.setup.maven", artifact.coordinates(), "");
        }
        // Maven has compared it with the repository's checksum when it was fetched.
        return new Fetched(file, artifact.sha256().isPresent() ? Optional.empty() : Optional.of(sha256(file)));
    }

    private static void removed(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException _) {
            // The virtual machine is going down: the hook does it.
        }
    }

    /// Counts what Maven tells of its progress.
    ///
    /// @return the first error
    private static String watch(Process process, JobControl control) {
        String error = "";
        long told = 0;
        try (Scanner output = new Scanner(process.getInputStream(), StandardCharsets.UTF_8)) {
            output.useDelimiter("[\r\n]+");
            while (output.hasNext()) {
                String line = output.next();
                Matcher progress = PROGRESS.matcher(line);
                if (progress.find()) {
                    long now =
                            (long) (Double.parseDouble(progress.group(1)) * UNITS.getOrDefault(progress.group(2), 0.0));
                    control.advance(Math.max(0, now - told));
                    told = Math.max(told, now);
                } else if (error.isEmpty() && line.contains("ERROR")) {
                    error = line.replaceAll("\u001b\\[[0-9;]*m", "")
                            .replaceFirst("^\\[ERROR] ", "")
                            .strip();
                }
            }
        }
        return error;
    }

    private static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
