package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Generator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three thousand bodies; `scripts/body-fuzz.sh` tries as many as one has time for.
class BodyFuzzTest {
    private static final int BODIES = 3_000;

    @TempDir
    private Path folder;

    @Test
    void noBodyBringsTheServerDown() throws IOException {
        try (Front front = Front.open(folder)) {
            for (int seed = 1; seed <= BODIES; seed++) {
                BodyFuzz.attempt(front, new Generator(seed));
            }
            try (Stream<Path> files = Files.list(front.jobs.uploads())) {
                // Uploads of accepted jobs are the jobs', which the test's jobs do not delete.
                assertThat(files.map(file -> file.getFileName().toString()))
                        .allMatch(name -> name.matches("[0-9a-f]{32}\\.part"));
            }
        }
    }
}
