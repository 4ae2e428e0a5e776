package io.github.cogvideo4j.inference.internal.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.cogvideo4j.inference.internal.runtime.Torch;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceLibrariesTest {
    /// The second is a library, and lacks what is looked for.
    @ParameterizedTest
    @ValueSource(strings = {"libno-such-library-of-ours.so.1", "libm.so.6"})
    void aRuntimeThatIsNotThereIsNoError(String name) {
        assertThat(CudaRuntime.opened(name)).isEmpty();
    }

    /// Words of libtorch 2.13 and of its libraries.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CUDA out of memory. Tried to allocate 3.93 GiB. GPU 0 has a total capacity of 23.52 GiB of which 1.2 GiB",
                "MPS backend out of memory (MPS allocated: 17.0 GiB, other allocations: 2.00 GiB)",
                "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
                "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
                "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
                "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory",
                "[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: not enough memory: you tried to allocate"
            })
    void memoryThatIsUsedUpIsKnownByItsWords(String words) {
        assertThat(OutOfMemory.is(new RuntimeException(words))).isTrue();
        assertThat(OutOfMemory.is(new IllegalStateException("wrapped", new RuntimeException(words))))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"CUDA error: an illegal memory access was encountered", "shape '[2, 3]' is invalid", ""})
    void otherFailuresAreNot(String words) {
        assertThat(OutOfMemory.is(new RuntimeException(words))).isFalse();
    }

    @Test
    void theAllocatorOfTheProcessorSaysItInThoseWords() {
        Torch.start(1);
        try (PointerScope _ = new PointerScope()) {
            Throwable failure = catchThrowable(() ->
                    torch.empty(new long[] {1L << 55}, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional()));
            assertThat(failure).isInstanceOf(RuntimeException.class);
            assertThat(OutOfMemory.is(failure)).isTrue();
        }
    }
}
