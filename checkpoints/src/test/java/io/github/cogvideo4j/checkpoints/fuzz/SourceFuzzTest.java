package io.github.cogvideo4j.checkpoints.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every seed, and each of them with a few bytes changed or its end cut off, is read or refused; so is everything
/// that fuzzing found.
class SourceFuzzTest {
    private static final int DAMAGES = 60;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void everySeedAndItsDamagesAreReadOrRefused(SourceFuzzTarget target) throws IOException {
        target.prepare(folder);
        List<Path> seeds = target.seeds();
        assertThat(seeds).isNotEmpty();
        Random random = new Random(20_261_129);
        for (Path seed : seeds) {
            byte[] bytes = Files.readAllBytes(seed);
            target.run(bytes, folder);
            for (int i = 0; i < DAMAGES / seeds.size() + 1; i++) {
                byte[] damaged = bytes.clone();
                // Heads and the ends of ZIPs are where the structure is.
                for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
                    int at = random.nextBoolean()
                            ? random.nextInt(Math.min(2048, damaged.length))
                            : damaged.length - 1 - random.nextInt(Math.min(2048, damaged.length));
                    damaged[at] = (byte) random.nextInt(256);
                }
                target.run(damaged, folder);
                target.run(java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)), folder);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyInputThatWasFoundIsReadOrRefused(SourceFuzzTarget target) throws IOException {
        Path found = Resources.fuzz().resolve(target.name().toLowerCase(java.util.Locale.ROOT));
        if (Files.isDirectory(found)) {
            target.prepare(folder);
            try (Stream<Path> inputs = Files.list(found)) {
                for (Path input : inputs.sorted().toList()) {
                    target.run(Files.readAllBytes(input), folder);
                }
            }
        }
    }
}
