package io.github.cogvideo4j.cli.setup;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetcher;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Archives that somebody brought, for machines without a network.
///
/// @param source the folder that they lie in
record FolderFetcher(Path source) implements Fetcher {
    private static final int LARGEST_CHECKSUM = 1 << 12;

    /// Refuses a folder that lacks some, with the names of all that it lacks.
    void check(List<Artifact> artifacts) {
        List<String> missing = artifacts.stream()
                .map(Artifact::fileName)
                .filter(name -> !Files.isRegularFile(source.resolve(name)))
                .toList();
        if (!missing.isEmpty()) {
            throw new MissingCapabilityException(
                    ProblemCode.MISSING_FILE, Place.of(source), "cli.setup.from-lacks", missing);
        }
    }

    @Override
    public Fetched fetch(Artifact artifact, Path folder, JobControl control) throws IOException {
        Path file = source.resolve(artifact.fileName());
        for (String kind : List.of(".sha256", ".sha1")) {
            Path beside = source.resolve(artifact.fileName() + kind);
            if (Files.isRegularFile(beside)) {
                try (InputStream in = Files.newInputStream(beside)) {
                    String text = new String(in.readNBytes(LARGEST_CHECKSUM), StandardCharsets.US_ASCII).strip();
                    return new Fetched(file, Optional.of(text.split("\\s", 2)[0]));
                }
            }
        }
        return new Fetched(file, Optional.empty());
    }
}
