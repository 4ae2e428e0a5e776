package io.github.cogvideo4j.inference.internal.runtime;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NativeHeapTest {
    private static final int BLOCKS = 24;
    private static final long ELEMENTS = 4 << 20; // of 4 bytes each
    private static final long ALL_BYTES = BLOCKS * ELEMENTS * 4;

    /// `struct mallinfo2` of mallinfo(3).
    private static final StructLayout MALLINFO = MemoryLayout.structLayout(
            JAVA_LONG.withName("arena"),
            JAVA_LONG.withName("ordblks"),
            JAVA_LONG.withName("smblks"),
            JAVA_LONG.withName("hblks"),
            JAVA_LONG.withName("hblkhd"),
            JAVA_LONG.withName("usmblks"),
            JAVA_LONG.withName("fsmblks"),
            JAVA_LONG.withName("uordblks"),
            JAVA_LONG.withName("fordblks"),
            JAVA_LONG.withName("keepcost"));

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// Only a block of a mapping of its own goes back to the system when it is freed. The second time glibc has seen
    /// such blocks freed, and left to itself would take the next ones from its heap.
    @Test
    void everyLargeTensorHasAMappingOfItsOwn() throws Throwable {
        Assumptions.assumeTrue(
                Linker.nativeLinker().defaultLookup().find("mallinfo2").isPresent(), "glibc 2.33 or newer");
        List<Tensor> fillers = fillFreeRoom();
        for (int round = 0; round < 2; round++) {
            long before = bytes("hblkhd");
            List<Tensor> large = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                large.add(Scoped.keep(torch.ones(ELEMENTS)));
            }
            long during = bytes("hblkhd");
            large.forEach(Tensor::close);

            assertThat(during - before).as("mapped in round %d", round).isGreaterThanOrEqualTo(ALL_BYTES);
            assertThat(during - bytes("hblkhd"))
                    .as("given back in round %d", round)
                    .isGreaterThanOrEqualTo(ALL_BYTES);
        }
        fillers.forEach(Tensor::close);
    }

    /// What earlier tests freed may hold a block, whatever its size: takes blocks until one has to be mapped.
    private static List<Tensor> fillFreeRoom() throws Throwable {
        List<Tensor> fillers = new ArrayList<>();
        long before = bytes("hblkhd");
        while (bytes("hblkhd") == before) {
            fillers.add(Scoped.keep(torch.ones(ELEMENTS)));
        }
        return fillers;
    }

    /// A figure of the allocator in bytes: `hblkhd` is what it has mapped block by block. No other thread has such
    /// large blocks here.
    @SuppressWarnings("restricted") // native access is what the build allows
    private static long bytes(String figure) throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle mallinfo = linker.downcallHandle(
                linker.defaultLookup().find("mallinfo2").orElseThrow(), FunctionDescriptor.of(MALLINFO));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = (MemorySegment) mallinfo.invokeExact((SegmentAllocator) arena);
            return info.get(JAVA_LONG, MALLINFO.byteOffset(MemoryLayout.PathElement.groupElement(figure)));
        }
    }
}
