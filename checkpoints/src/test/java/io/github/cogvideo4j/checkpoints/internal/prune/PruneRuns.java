package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Runs to prune, on a machine where no trainer is at work.
final class PruneRuns {
    static final Path CHECKPOINTS = Resources.fixture("zero2-multi-bf16-w2/output");

    /// A machine on which no trainer runs.
    private static final TrainerActivity QUIET = new TrainerActivity() {
        @Override
        public Optional<Writer> writer(Path run) {
            return Optional.empty();
        }

        @Override
        public void waitForChanges() {}
    };

    private PruneRuns() {}

    /// Plans on that machine.
    static PruneRequest.Plan plan(PruneRequest request) throws IOException {
        return new PrunePlanner(request, QUIET, JobControl.none()).plan();
    }

    /// A run of that fixture's checkpoints.
    static Path run(Path folder, int... steps) throws IOException {
        Path run = folder.resolve("run");
        for (int step : steps) {
            Resources.copy(CHECKPOINTS.resolve("checkpoint-" + step), run.resolve("checkpoint-" + step));
        }
        return run;
    }

    /// The hash of every file below a folder.
    static Map<String, String> hashes(Path folder) throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                hashes.put(
                        folder.relativize(file).toString().replace('\\', '/'),
                        Digests.sha256(Files.readAllBytes(file)));
            }
        }
        return hashes;
    }

    /// The hashes of the files below one of its folders.
    static Map<String, String> below(Map<String, String> hashes, String name) {
        Map<String, String> own = new TreeMap<>();
        hashes.forEach((path, hash) -> {
            if (path.startsWith(name + "/")) {
                own.put(path, hash);
            }
        });
        return own;
    }

    /// The names in a folder.
    static List<String> list(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> String.valueOf(path.getFileName())).sorted().toList();
        }
    }
}
