package io.github.cogvideo4j.inference.internal.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.cuda.CudaNatives;
import io.github.cogvideo4j.inference.internal.cuda.CudaStep;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which devices there are, on a machine that has any number of cards.
class ComputeDeviceTest {
    @ParameterizedTest
    @CsvSource({"cuda, 1", "cuda:0, 1", "cuda:1, 2", "cuda:7, 8"})
    void aCardThatIsThereIsTaken(String name, int cards) {
        assertThatCode(() -> new ComputeDevice(name).requireCard(cards)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "cuda:1, 1, '1 CUDA device(s) here, numbered 0 to 0'",
        "cuda:2, 2, '2 CUDA device(s) here, numbered 0 to 1'",
        "cuda:999, 8, '8 CUDA device(s) here, numbered 0 to 7'",
        "cuda, 0, libtorch finds no usable CUDA device",
        "cuda:3, 0, libtorch finds no usable CUDA device"
    })
    void aCardBeyondThoseThatAreThereIsRefusedWithTheirNumber(String name, int cards, String part) {
        assertThatThrownBy(() -> new ComputeDevice(name).requireCard(cards))
                .isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.DEVICE);
                    assertThat(e.problem().message().text())
                            .startsWith(name + " was requested")
                            .contains(part);
                });
    }

    private static CudaNatives.Choice choice(CudaNatives.Kind kind, Optional<CudaStep> gap) {
        return new CudaNatives.Choice(kind, OptionalInt.empty(), gap, true, Optional.of(Path.of("/natives")));
    }

    /// Never a silent run on the processor where CUDA was asked for.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CUDA | cuda was requested, but libtorch in /natives was loaded without its CUDA part; set it up again,"
                        + " or compute on the CPU",
                "BY_HAND | cuda was requested, but libtorch was chosen with options of the Java virtual machine and has"
                        + " no CUDA part; remove the options that begin with -Dorg.bytedeco.javacpp, or correct them",
                "PROCESSOR | cuda was requested, but this process has already loaded libtorch for the CPU, which cannot"
                        + " be exchanged; start another process"
            })
    void aLibtorchWithoutCudaIsNeverTakenForOneWith(CudaNatives.Kind kind, String message) {
        ComputeDevice device = new ComputeDevice("cuda");
        assertThatThrownBy(() -> device.requireCuda(choice(kind, Optional.empty()), false))
                .isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.DEVICE);
                    assertThat(e.problem().message().text()).isEqualTo(message);
                    assertThat(e.problem().remedies()).contains(new Remedy.CheckSystem("cuda"));
                });
        assertThatCode(() -> device.requireCuda(choice(kind, Optional.empty()), true))
                .doesNotThrowAnyException();
    }

    @Test
    void whatStandsInTheWayIsTheError() {
        CudaStep gap = new CudaStep(
                "cuda-libtorch",
                Message.of("inference.cuda.no-natives"),
                Optional.of(Message.of("inference.cuda.no-natives-advice")),
                List.of(new Remedy.SetUpCuda()));
        assertThatThrownBy(() -> new ComputeDevice("cuda:1")
                        .requireCuda(choice(CudaNatives.Kind.PROCESSOR, Optional.of(gap)), false))
                .isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
                    assertThat(e.problem().message().text())
                            .isEqualTo("cuda:1 was requested, but libtorch for CUDA is not set up; set it up once");
                    assertThat(e.problem().message().text(Locale.CHINESE))
                            .isEqualTo("指定了 cuda:1，但尚未安装 CUDA 版 libtorch；请安装一次");
                    assertThat(e.problem().remedies()).startsWith(new Remedy.SetUpCuda());
                });
    }
}
