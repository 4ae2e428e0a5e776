package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.TinyTorchFile;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.internal.torch.TensorPickle;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Components of a model: from one container, shard size and dtype to another.
class ComponentConversionTest {
    private static final long SHARD = 60_000;

    @TempDir
    Path folder;

    /// There and back again is the file that the reference library wrote.
    @ParameterizedTest
    @CsvSource({
        "t2v-2b, text_encoder, model.safetensors, pytorch_model",
        "t2v-2b, vae, diffusion_pytorch_model.safetensors, diffusion_pytorch_model",
        "t2v-2b, transformer, diffusion_pytorch_model.safetensors, diffusion_pytorch_model",
        "i2v-1.5, text_encoder, model.safetensors, pytorch_model",
        "i2v-1.5, vae, diffusion_pytorch_model.safetensors, diffusion_pytorch_model",
        "t2v-1.5, vae, diffusion_pytorch_model.safetensors, diffusion_pytorch_model"
    })
    void shardsOfTorchAndBackAreTheReferencesFile(String model, String component, String file, String stem)
            throws IOException {
        Path original = Resources.golden("pipelines/" + model + "/" + component);
        convert(original, "torch", options(TargetDType.SOURCE, SHARD, OutputFormat.BIN));
        Path torch = folder.resolve("torch").resolve(component);
        assertThat(torch.resolve("config.json")).hasSameBinaryContentAs(original.resolve("config.json"));
        assertThat(torch.resolve(stem + ".bin.index.json")).exists();
        assertThat(torch.toFile().list((_, name) -> name.matches(stem + "-\\d{5}-of-\\d{5}\\.bin")))
                .hasSizeGreaterThan(1);

        convert(torch, "back", options(TargetDType.SOURCE, FileOptions.DEFAULT_SHARD_BYTES, OutputFormat.SAFETENSORS));
        Path back = folder.resolve("back").resolve(component);
        assertThat(back.resolve(file)).hasSameBinaryContentAs(original.resolve(file));
        assertThat(back.resolve("config.json")).hasSameBinaryContentAs(original.resolve("config.json"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"transformer", "vae", "text_encoder"})
    void aComponentInAnotherDTypeEqualsItsSource(String component) throws IOException {
        Path original = Resources.golden("pipelines/t2v-2b/" + component);
        convert(original, "out", options(TargetDType.FP16, SHARD, OutputFormat.SAFETENSORS));
        Path made = folder.resolve("out").resolve(component);
        Checkpoint source = open(original);
        assertThat(open(made).entries()).allMatch(entry -> entry.tensor().dtype() == DType.F16);
        assertThat(SourceComparison.compare(made, source, 2, JobControl.none())).isEmpty();
    }

    @Test
    void aComponentOfABaseIsReplacedAndTheOthersStay() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        convert(
                base.resolve("vae"),
                "out",
                Optional.of(base),
                options(TargetDType.BF16, FileOptions.DEFAULT_SHARD_BYTES, OutputFormat.SAFETENSORS));
        Path out = folder.resolve("out");
        assertThat(open(out.resolve("vae")).entries())
                .allMatch(entry -> entry.tensor().dtype() == DType.BF16);
        for (String kept :
                List.of("transformer/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")) {
            assertThat(out.resolve(kept)).hasSameBinaryContentAs(base.resolve(kept));
        }
    }

    @Test
    void withoutADTypeComponentsThatAreNotTrainedKeepTheirs() throws IOException {
        ConversionPlan plan = ConversionPlanner.plan(
                open(Resources.golden("pipelines/t2v-2b/text_encoder")),
                folder.resolve("out"),
                Optional.empty(),
                ConversionOptions.defaults());
        assertThat(plan.dtype()).isEqualTo(TargetDType.SOURCE);
        assertThat(plan.warnings())
                .anySatisfy(warning -> assertThat(warning.code()).isEqualTo(ProblemCode.CHOICE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"vae", "text_encoder"})
    void anotherComponentInPlaceOfATransformerIsNamed(String component) throws IOException {
        Path original = Resources.golden("pipelines/t2v-2b/" + component);
        assertThatThrownBy(() -> ConversionPlanner.plan(
                        open(original),
                        folder.resolve("out"),
                        Optional.empty(),
                        ConversionOptions.defaults().withComponent(Component.TRANSFORMER)))
                .hasMessageContaining("wrong-component")
                .hasMessageContaining(component);
        // What the doctor and the verifier see, when it lies in transformer/.
        TransformerConfig config = TransformerConfig.read(Resources.golden("pipelines/t2v-2b/transformer/config.json"));
        List<NamedShape> shapes = open(original).entries().stream()
                .map(entry -> NamedShape.of(entry.tensor()))
                .toList();
        assertThat(ConfigCheck.compare(config, shapes, _ -> false, Place.of(original))
                        .errors())
                .extracting(Problem::code)
                .containsExactly(ProblemCode.WRONG_COMPONENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lora-ddp-bf16-w2/output/checkpoint-3/pytorch_lora_weights.safetensors",
                "lora-alpha-ddp-bf16-w2/output/checkpoint-3/pytorch_lora_weights.safetensors"
            })
    void anAdapterIsNotAModel(String adapter) {
        assertThatThrownBy(() -> convert(
                        Resources.fixture(adapter),
                        "out",
                        options(TargetDType.SOURCE, SHARD, OutputFormat.SAFETENSORS)))
                .hasMessageContaining("not-a-checkpoint")
                .hasMessageContaining("LoRA");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora-zero2-bf16-w2", "lora-zero3-bf16-w2"})
    void aModelWithItsAdapterStillInItIsNamed(String fixture) throws IOException {
        Path checkpoint =
                ReferenceCase.children(Resources.fixture(fixture + "/output")).getFirst();
        assertThatThrownBy(() -> convert(
                        checkpoint.resolve("pytorch_model"),
                        "out",
                        options(TargetDType.SOURCE, SHARD, OutputFormat.SAFETENSORS)))
                .hasMessageContaining("lora-unmerged");
    }

    @Test
    void anOptimizerIsNotAModel() throws IOException {
        assertThatThrownBy(() -> open(Resources.fixture("dcp-fsdp-bf16-w2/output/checkpoint-2/optimizer_0")))
                .hasMessageContaining("not-weights")
                .hasMessageContaining("optimizer");
        Path zero = Resources.fixture("zero2-bf16-w2/output/checkpoint-3/pytorch_model");
        assertThatThrownBy(() -> open(zero.resolve("bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt")))
                .hasMessageContaining("not-weights");

        PickleWriter pickle = new PickleWriter();
        pickle.dict(List.of(
                new PickleWriter.Item(() -> pickle.text("state"), () -> pickle.dict(List.of())),
                new PickleWriter.Item(() -> pickle.text("param_groups"), () -> pickle.list(List.of()))));
        Path file = write("optimizer.bin", pickle, List.of());
        assertThatThrownBy(() -> open(file)).hasMessageContaining("not-weights").hasMessageContaining("optimizer");
    }

    /// A `.bin` of T5 has its embeddings twice, in one storage.
    @Test
    void tiedEmbeddingsAreOneTensor() throws IOException {
        assertThat(open(t5(0)).entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.name()).isEqualTo("shared.weight"));
        assertThat(open(t5(1)).entries()).hasSize(2);
    }

    private Path t5(int storageOfTheSecond) throws IOException {
        PickleWriter pickle = new PickleWriter();
        Shape shape = Shape.of(2, 2);
        pickle.dict(List.of(
                new PickleWriter.Item(
                        () -> pickle.text("shared.weight"),
                        () -> TensorPickle.whole(DType.F32, 0, shape, true).write(pickle)),
                new PickleWriter.Item(
                        () -> pickle.text("encoder.embed_tokens.weight"),
                        () -> TensorPickle.whole(DType.F32, storageOfTheSecond, shape, true)
                                .write(pickle))));
        return write(
                "pytorch_model" + storageOfTheSecond + ".bin",
                pickle,
                Collections.nCopies(1 + storageOfTheSecond, new byte[16]));
    }

    private Path write(String name, PickleWriter pickle, List<byte[]> storages) throws IOException {
        return Files.write(folder.resolve(name), TinyTorchFile.of(name, pickle.finish(), storages));
    }

    private void convert(Path source, String output, ConversionOptions options) throws IOException {
        convert(source, output, Optional.empty(), options);
    }

    private void convert(Path source, String output, Optional<Path> base, ConversionOptions options)
            throws IOException {
        Conversions.convert(source, folder.resolve(output), base, SourceOptions.defaults(), options);
    }

    private static ConversionOptions options(TargetDType dtype, long shard, OutputFormat format) {
        return Conversions.options(dtype, shard, format);
    }

    private static Checkpoint open(Path path) throws IOException {
        return Checkpoints.open(path, SourceOptions.defaults());
    }
}
