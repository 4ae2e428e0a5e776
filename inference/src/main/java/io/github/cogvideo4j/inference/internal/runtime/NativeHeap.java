package io.github.cogvideo4j.inference.internal.runtime;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// The C library's allocator, from which libtorch takes the memory of tensors.
///
/// glibc takes large blocks from the system and gives them back when they are freed, but raises what it calls
/// large with each one freed, up to 32 MiB. What is smaller stays with the process, in pieces between which the
/// next tensor does not fit: denoising 9 frames of 480 x 720 with a model of 2B's size took 5.8 GB instead of 0.7.
final class NativeHeap {
    /// `M_MMAP_THRESHOLD` of mallopt(3), which also ends the raising.
    private static final int MMAP_THRESHOLD = -3;
    private static final int LARGE = 4 << 20;

    private NativeHeap() {}

    /// Has every block from 4 MiB on given back when it is freed. Other systems than Linux with glibc keep their
    /// own ways.
    @SuppressWarnings("restricted") // starting libtorch needs native access anyway
    static void giveBackLargeBlocks() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> mallopt = linker.defaultLookup().find("mallopt");
        if (mallopt.isEmpty()) {
            return;
        }
        MethodHandle call = linker.downcallHandle(mallopt.get(), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        try {
            int _ = (int) call.invokeExact(MMAP_THRESHOLD, LARGE);
        } catch (Throwable e) {
            throw new IllegalStateException("mallopt cannot be called", e);
        }
    }
}
