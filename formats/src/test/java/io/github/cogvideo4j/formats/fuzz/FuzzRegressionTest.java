package io.github.cogvideo4j.formats.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class FuzzRegressionTest {
    /// Far longer than any input takes on the busiest machine.
    private static final Duration HANGS = Duration.ofMinutes(10);

    @TempDir
    Path folder;

    @TestFactory
    List<DynamicContainer> everySeedAndEveryInputFoundIsReadOrRefused() throws IOException {
        List<DynamicContainer> targets = new ArrayList<>();
        for (FuzzTarget target : FuzzTarget.values()) {
            Collection<Seeds.Seed> seeds = Seeds.of(target);
            assertThat(seeds).as("%s", target).isNotEmpty();
            List<DynamicTest> inputs = seeds.stream()
                    .map(seed -> dynamicTest(seed.name(), () -> {
                        Path scratch = folder.resolve(target.folder());
                        assertTimeoutPreemptively(HANGS, () -> target.run(seed.bytes(), scratch));
                    }))
                    .toList();
            targets.add(dynamicContainer(target.folder(), inputs));
        }
        return targets;
    }
}
