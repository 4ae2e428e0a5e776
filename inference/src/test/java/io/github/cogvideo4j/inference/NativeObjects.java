package io.github.cogvideo4j.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.bytedeco.javacpp.Pointer;

/// Counts the tensors and other native objects that somebody still has to free. The resident set of the process says
/// less: allocators keep what was freed, and what else the machine does decides when the system takes it back.
public final class NativeObjects {
    private NativeObjects() {}

    /// Work that may fail as files do.
    @FunctionalInterface
    public interface Work {
        /// Does it once.
        void run() throws IOException;
    }

    /// Fails when the work leaves native objects behind. It is done once before counting, for what is made once and
    /// kept.
    public static void assertNoneLeftBy(Work work) throws IOException {
        work.run();
        long before = Pointer.totalCount();
        for (int i = 0; i < 3; i++) {
            work.run();
        }
        // Fewer is no fault: the garbage collector may free what an earlier test left.
        assertThat(Pointer.totalCount()).as("native objects").isLessThanOrEqualTo(before);
    }
}
