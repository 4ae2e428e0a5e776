package io.github.cogvideo4j.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.system.MachineMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Whether native memory stays flat. A process settles first: the heap grows, allocators keep what they freed. What
/// leaks grows for ever.
public final class ResidentMemory {
    private static final int MOST_ROUNDS = 6;

    private ResidentMemory() {}

    /// Work that may fail as files do.
    @FunctionalInterface
    public interface Work {
        /// Does it once.
        void run() throws IOException;
    }

    /// Fails unless a round of the work, sooner or later, leaves the resident set within 5% of what it was before
    /// that round.
    public static void assertSettles(Work round) throws IOException {
        round.run();
        List<Long> resident = new ArrayList<>(List.of(now()));
        boolean flat = false;
        for (int i = 0; i < MOST_ROUNDS && !flat; i++) {
            round.run();
            long before = resident.getLast();
            resident.add(now());
            flat = resident.getLast() < before + before / 20;
        }
        assertThat(flat).as("resident bytes after each round: " + resident).isTrue();
    }

    private static long now() {
        return MachineMemory.resident().orElseThrow();
    }
}
