package io.github.cogvideo4j.inference.internal.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.system.MachineMemory;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class DeviceMemoryTest {
    private static final OptionalLong MACHINE = OptionalLong.of(1000);

    /// A card of 10, 11, 12 bytes by its number.
    @ParameterizedTest
    @CsvSource({"cpu, 1000", "mps, 1000", "cuda, 10", "cuda:0, 10", "cuda:2, 12"})
    void aCardIsAskedForItsOwnMemory(String device, long bytes) {
        assertThat(DeviceMemory.available(
                        new ComputeDevice(device), () -> MACHINE, index -> OptionalLong.of(10 + index)))
                .hasValue(bytes);
    }

    @Test
    void theMachinesMemoryDoesNotStandInForThatOfACard() {
        assertThat(DeviceMemory.available(new ComputeDevice("cuda:0"), () -> MACHINE, _ -> OptionalLong.empty()))
                .isEmpty();
    }

    @Test
    void whereThereIsNoCardNothingIsKnownOfIt() {
        Torch.start(1);
        Assumptions.assumeFalse(torch.cuda_is_available());
        assertThat(DeviceMemory.available(new ComputeDevice("cuda:0"))).isEmpty();
        assertThat(DeviceMemory.available(ComputeDevice.CPU).isPresent())
                .isEqualTo(MachineMemory.available().isPresent());
    }

    static Stream<Throwable> unanswered() {
        return Stream.of(
                new RuntimeException("CUDA driver version is insufficient"),
                new ExceptionInInitializerError("org.bytedeco.pytorch.cuda.DeviceStats"),
                new NoClassDefFoundError("org/bytedeco/cuda/cudart/CUstream_st"),
                new UnsatisfiedLinkError("no jnicudart in java.library.path"));
    }

    /// The classes of the bindings that want the CUDA presets fail with errors, the first time with another one than
    /// afterwards.
    @ParameterizedTest
    @MethodSource("unanswered")
    void whateverDoesNotLoadIsAnAnswerThatIsNotThere(Throwable failure) {
        assertThat(DeviceMemory.told(() -> {
                    throw DeviceMemoryTest.<RuntimeException>asIs(failure);
                }))
                .isEmpty();
    }

    @Test
    void anErrorOfTheVirtualMachineIsNotHidden() {
        assertThatThrownBy(() -> DeviceMemory.told(() -> {
                    throw new OutOfMemoryError();
                }))
                .isInstanceOf(OutOfMemoryError.class);
    }

    /// Throws what it is given, checked or not.
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> T asIs(Throwable failure) throws T {
        throw (T) failure;
    }
}
