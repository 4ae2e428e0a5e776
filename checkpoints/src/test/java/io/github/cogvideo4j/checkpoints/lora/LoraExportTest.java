package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Adapters recovered from training states, against the fp32 master copies that the trainer had in memory.
class LoraExportTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"lora-zero3-bf16-w2", "lora-zero2-bf16-w2"})
    void theMatricesAreTheTrainersMasterCopies(String fixture) throws IOException {
        Path checkpoint = Resources.fixture(fixture + "/output/checkpoint-3");
        LoraExport.Result done = export(checkpoint, OptionalDouble.of(4));
        Map<String, byte[]> expected = new TreeMap<>();
        TinySafetensors.read(Resources.fixture(fixture + "/live-master.safetensors"))
                .forEach((name, tensor) -> {
                    if (name.contains(".lora_")) {
                        expected.put("transformer." + name.replace(".default.", "."), bytes(tensor));
                    }
                });
        Map<String, byte[]> found = new TreeMap<>();
        TinySafetensors.read(done.file()).forEach((name, tensor) -> found.put(name, bytes(tensor)));
        assertThat(expected).hasSize(16);
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
        LoraAdapter adapter = LoraAdapter.open(done.file());
        assertThat(adapter.recordsAlpha()).isTrue();
        assertThat(adapter.layers().values())
                .allSatisfy(layer ->
                        assertThat(layer.factor(1, OptionalDouble.empty())).isEqualTo(1));
    }

    @Test
    void withoutAStateTheSavedFileIsTaken() throws IOException {
        Path checkpoint = Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3");
        LoraExport.Result done = export(checkpoint, OptionalDouble.empty());
        assertThat(done.remarks()).extracting(Problem::code).contains(ProblemCode.LORA_ALPHA);
        assertThat(done.file()).hasSameBinaryContentAs(checkpoint.resolve(WeightFileName.ADAPTER));
    }

    @Test
    void anExistingAdapterIsReplacedOnlyWhenAsked() throws IOException {
        Path checkpoint = Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3");
        export(checkpoint, OptionalDouble.empty());
        assertThatThrownBy(() -> export(checkpoint, OptionalDouble.empty())).hasMessageContaining("output-refused");
        LoraExport.export(checkpoint, SourceOptions.defaults(), folder.resolve("lora"), OptionalDouble.of(4), true);
        assertThat(LoraAdapter.open(folder.resolve("lora")).recordsAlpha()).isTrue();
        try (var left = Files.list(folder.resolve("lora"))) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void nothingIsWrittenIntoTheCheckpoint() throws IOException {
        Path checkpoint = Resources.copy(
                Resources.fixture("lora-zero3-bf16-w2/output/checkpoint-3"), folder.resolve("checkpoint-3"));
        assertThatThrownBy(() -> LoraExport.export(
                        checkpoint, SourceOptions.defaults(), checkpoint, OptionalDouble.empty(), true))
                .hasMessageContaining("output-refused");
    }

    @Test
    void aTrainingWithoutALoraHasNone() {
        Path checkpoint = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        assertThatThrownBy(() -> export(checkpoint, OptionalDouble.empty())).hasMessageContaining("not-weights");
    }

    private LoraExport.Result export(Path checkpoint, OptionalDouble alpha) throws IOException {
        return LoraExport.export(checkpoint, SourceOptions.defaults(), folder.resolve("lora"), alpha, false);
    }

    private static byte[] bytes(TinySafetensors.Tensor tensor) {
        byte[] bytes = new byte[tensor.bytes().remaining()];
        tensor.bytes().duplicate().get(bytes);
        return bytes;
    }
}
