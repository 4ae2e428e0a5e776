package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter.LoraLayer;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        assertThat(adapter.layers())
                .allSatisfy(layer -> assertThat(layer.factor()).isEqualTo(1));
    }

    @Test
    void withoutAStateTheSavedFileIsTaken() throws IOException {
        Path checkpoint = Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3");
        LoraExport.Result done = export(checkpoint, OptionalDouble.empty());
        assertThat(done.warnings()).extracting(Problem::code).contains(ProblemCode.LORA_ALPHA);
        assertThat(done.file()).hasSameBinaryContentAs(checkpoint.resolve(WeightFileName.ADAPTER));
    }

    @Test
    void anExistingAdapterIsReplacedOnlyWhenAsked() throws IOException {
        Path checkpoint = Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3");
        export(checkpoint, OptionalDouble.empty());
        assertThatThrownBy(() -> export(checkpoint, OptionalDouble.empty())).hasMessageContaining("output-refused");
        LoraExport.export(request(checkpoint, OptionalDouble.of(4)), folder.resolve("lora"), true);
        assertThat(LoraAdapter.open(folder.resolve("lora")).recordsAlpha()).isTrue();
        try (var left = Files.list(folder.resolve("lora"))) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void nothingIsWrittenIntoTheCheckpoint() throws IOException {
        Path checkpoint = Resources.copy(
                Resources.fixture("lora-zero3-bf16-w2/output/checkpoint-3"), folder.resolve("checkpoint-3"));
        assertThatThrownBy(() -> LoraExport.export(request(checkpoint, OptionalDouble.empty()), checkpoint, true))
                .hasMessageContaining("output-refused");
    }

    @Test
    void aTrainingWithoutALoraHasNone() {
        Path checkpoint = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        assertThatThrownBy(() -> export(checkpoint, OptionalDouble.empty())).hasMessageContaining("not-weights");
    }

    /// What trainers of today leave becomes the file that diffusers loads: every tensor the trainer's own.
    @ParameterizedTest
    @CsvSource({
        "cogkit-lora-w2,        output/checkpoint-2",
        "cogkit-lora-w2,        output",
        "cogkit-lora-w2,        merged/adapter_model.safetensors",
        "cogkit-qlora-w1,       output/checkpoint-2",
        "finetrainers-lora-run, output/finetrainers_step_20",
        "finetrainers-lora-run, output/lora_weights/000020",
        "diffusion-pipe-lora-w2, output/20260101_12-00-00/epoch2",
    })
    void everyTrainersAdapterIsExportedUnderDiffusersNames(String fixture, String source) throws IOException {
        LoraExport.Result done = export(Resources.fixture(fixture).resolve(source), OptionalDouble.empty());
        Map<String, TinySafetensors.Tensor> found = TinySafetensors.read(done.file());
        assertThat(found).isNotEmpty();
        assertThat(found.keySet())
                .allMatch(name -> name.matches(
                        "transformer\\.transformer_blocks\\.\\d\\.attn1\\.to_(q|k|v|out\\.0)\\.lora_[AB]\\.weight"));
        assertThat(done.warnings().stream().map(warning -> warning.message().text()))
                .anyMatch(
                        text -> text.contains("bound %d of %d modules".formatted(found.size() / 2, found.size() / 2)));
    }

    @Test
    void theStateOfFinetrainersHoldsTheSavedAdapterToTheBit() throws IOException {
        Path run = Resources.fixture("finetrainers-lora-run/output");
        Path file = export(run.resolve("finetrainers_step_20"), OptionalDouble.empty())
                .file();
        Map<String, byte[]> expected = new TreeMap<>();
        TinySafetensors.read(run.resolve("lora_weights/000020/pytorch_lora_weights.safetensors"))
                .forEach((name, tensor) -> expected.put(name, bytes(tensor)));
        Map<String, byte[]> found = new TreeMap<>();
        TinySafetensors.read(file).forEach((name, tensor) -> found.put(name, bytes(tensor)));
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    }

    /// A DeepSpeed state has no alpha; the file beside it has: 6 for rank 3. Dropped, it would halve the strength.
    @Test
    void alphaIsTakenFromTheFileBesideTheState() throws IOException {
        LoraExport.Result done =
                export(Resources.fixture("any-lora-wan21-zero2-bf16-w2/output/checkpoint-3"), OptionalDouble.empty());
        assertThat(done.adapter().layers()).hasSize(20).allSatisfy(layer -> {
            assertThat(layer.alpha()).hasValue(6);
            assertThat(layer.factor()).isEqualTo(2);
        });
        assertThat(done.adapter().layers().stream().map(LoraLayer::module)).contains("blocks.0.ffn.net.0.proj");
    }

    /// A name that binds nothing is never written.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "lora_unet_blocks_0_self_attn_q.lora_down.weight, lora_unet_blocks_0_self_attn_q.lora_up.weight",
                "some.wrapper.layers.0.q.lora_A.weight, some.wrapper.layers.0.q.lora_B.weight",
            })
    void namesOfNoKnownModelAreRefused(String keys) throws IOException {
        String[] names = keys.split(", ", -1);
        Path file = new AdapterFiles().with(names[0], 2, 6).with(names[1], 6, 2).write(folder.resolve("a.safetensors"));
        assertThatThrownBy(() -> export(file, OptionalDouble.empty())).hasMessageStartingWith("extra-tensor:");
        assertThat(folder.resolve("lora")).doesNotExist();
    }

    /// Whatever stands before the names, and in whatever words: what is written is the same.
    @ParameterizedTest
    @ValueSource(strings = {"a.b.", "x_y.", "state.model.", "app.model.", "net.module."})
    void anyWrapperIsTakenOff(String wrapper) throws IOException {
        Path file = new AdapterFiles()
                .with(wrapper + "transformer_blocks.3.attn1.to_q.lora_A.weight", 2, 6)
                .with(wrapper + "transformer_blocks.3.attn1.to_q.lora_B.weight", 6, 2)
                .write(folder.resolve("a.safetensors"));
        assertThat(export(file, OptionalDouble.empty()).adapter().layers())
                .singleElement()
                .satisfies(layer -> assertThat(layer.module()).isEqualTo("transformer_blocks.3.attn1.to_q"));
    }

    /// diffusers looks for a component's adapter under its name.
    @Test
    void anotherComponentsAdapterKeepsItsName() throws IOException {
        Path file = new AdapterFiles()
                .with("unet.down_blocks.0.attentions.0.to_q.lora_A.weight", 2, 6)
                .with("unet.down_blocks.0.attentions.0.to_q.lora_B.weight", 6, 2)
                .write(
                        folder.resolve("a.safetensors"),
                        Map.of("lora_adapter_metadata", "{\"unet.r\": 2, \"unet.lora_alpha\": 4}"));
        LoraExport.Result done = export(file, OptionalDouble.empty());
        assertThat(TinySafetensors.read(done.file()).keySet()).allMatch(name -> name.startsWith("unet.down_blocks."));
        assertThat(done.adapter().layers().getFirst().alpha()).hasValue(4);
    }

    private LoraExport.Result export(Path checkpoint, OptionalDouble alpha) throws IOException {
        return LoraExport.export(request(checkpoint, alpha), folder.resolve("lora"), false);
    }

    private static LoraExport.Request request(Path checkpoint, OptionalDouble alpha) {
        return new LoraExport.Request(checkpoint, SourceOptions.defaults(), Optional.empty(), alpha);
    }

    private static byte[] bytes(TinySafetensors.Tensor tensor) {
        byte[] bytes = new byte[tensor.bytes().remaining()];
        tensor.bytes().duplicate().get(bytes);
        return bytes;
    }
}
