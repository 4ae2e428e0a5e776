package io.github.cogvideo4j.inference.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Forwards of the five variants, stage by stage.
class CogVideoXTransformerTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> forwards() {
        return Golden.names("transformer", "");
    }

    @ParameterizedTest
    @MethodSource("forwards")
    void everyStageIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                InferenceMode _ = Torch.inferenceMode();
                TransformerModel model = open(golden)) {
            Set<String> missed = new TreeSet<>(golden.outputs());
            ActivationProbe probe = (stage, activation) -> {
                if (missed.remove(stage)) {
                    assertClose(golden, stage, activation);
                }
            };
            Tensor sample = model.transformer().forward(input(golden), probe);
            assertThat(missed).as("stages that were not seen").isEmpty();
            assertClose(golden, "sample", sample);
        }
    }

    private static TransformerModel open(Golden golden) throws IOException {
        Path folder =
                Resources.golden("pipelines/" + golden.meta().path("pipeline").stringValue() + "/transformer");
        return TransformerModel.open(folder, golden.precision(), ComputeDevice.CPU);
    }

    private static TransformerInput input(Golden golden) throws IOException {
        return new TransformerInput(
                golden.in("hidden_states"),
                golden.in("encoder_hidden_states"),
                golden.in("timestep"),
                golden.hasInput("ofs") ? Optional.of(golden.in("ofs")) : Optional.empty(),
                golden.hasInput("rotary_cos")
                        ? Optional.of(RotaryPositions.of(golden.in("rotary_cos"), golden.in("rotary_sin")))
                        : Optional.empty());
    }

    private static void assertClose(Golden golden, String stage, Tensor activation) {
        try {
            golden.assertClose(stage, activation, 5e-6 * Math.max(1, golden.rms(stage)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
