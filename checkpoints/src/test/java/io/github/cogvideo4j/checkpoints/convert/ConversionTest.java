package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What a conversion leaves behind, and what it refuses.
class ConversionTest {
    private static final Path SAMPLE = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
    private static final Path BASE = Resources.golden("pipelines/t2v-2b");
    private static final String ONE_OF_ITS_FILES = "pytorch_model/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt";

    @TempDir
    Path folder;

    @Test
    void theResultIsACompletePipeline() throws IOException {
        Path output = convert(options(TargetDType.BF16, OutputFormat.SAFETENSORS, LinkMode.AUTO), Optional.of(BASE));
        Map<String, String> base = Resources.snapshot(BASE);
        base.keySet().removeIf(path -> path.startsWith("transformer/diffusion_pytorch_model"));
        Map<String, String> result = Resources.snapshot(output);
        assertThat(result).containsAllEntriesOf(base);
        assertThat(result.keySet())
                .contains(
                        "transformer/diffusion_pytorch_model.safetensors",
                        "transformer/model.safetensors.index.json",
                        "cogvideo4j.json");
    }

    @ParameterizedTest
    @EnumSource(LinkMode.class)
    void weightsOfTheBaseComeInAsAskedAndSmallFilesAreCopied(LinkMode mode) throws IOException {
        Path base = Resources.copy(BASE, folder.resolve("base"));
        Path output = convert(options(TargetDType.BF16, OutputFormat.SAFETENSORS, mode), Optional.of(base));
        Path weights = output.resolve("vae/diffusion_pytorch_model.safetensors");
        Path original = base.resolve("vae/diffusion_pytorch_model.safetensors");
        assertThat(Files.isSymbolicLink(weights)).isEqualTo(mode == LinkMode.SYMLINK);
        assertThat(Files.isSameFile(weights, original)).isEqualTo(mode != LinkMode.COPY);
        assertThat(Files.isSameFile(output.resolve("vae/config.json"), base.resolve("vae/config.json")))
                .isFalse();
        assertThat(weights).hasSameBinaryContentAs(original);
    }

    static Stream<ReferenceCase> binReferences() {
        return ReferenceCase.all()
                .filter(reference ->
                        reference.reference().getFileName().toString().startsWith("bf16-safe"))
                .filter(reference -> Files.isDirectory(binOf(reference)));
    }

    private static Path binOf(ReferenceCase reference) {
        String name = reference.reference().getFileName().toString();
        return reference.reference().resolveSibling(name.replace("safe", "bin"));
    }

    /// The reference calls the index of its `.bin` shards `...safetensors.index.json`, under which nothing
    /// loads them; the weight files themselves are the same to the byte.
    @ParameterizedTest
    @MethodSource("binReferences")
    void binFilesAreThoseOfTheReferenceToTheByte(ReferenceCase reference) throws IOException {
        Path output = folder.resolve("model");
        Conversions.convert(
                reference.checkpoint(),
                output,
                Optional.of(reference.base()),
                SourceOptions.defaults(),
                Conversions.options(TargetDType.BF16, reference.shardLimit(), OutputFormat.BIN));
        for (Path expected : ReferenceCase.children(binOf(reference))) {
            if (expected.toString().endsWith(".bin")) {
                assertThat(output.resolve("transformer").resolve(expected.getFileName()))
                        .hasSameBinaryContentAs(expected);
            }
        }
    }

    @Test
    void bothContainersHoldTheSameTensors() throws IOException {
        Path output = convert(options(TargetDType.FP16, OutputFormat.BOTH, LinkMode.AUTO), Optional.of(BASE));
        Path transformer = output.resolve("transformer");
        assertThat(TensorListing.ofWeights(transformer.resolve("diffusion_pytorch_model.bin"))
                        .tensors())
                .containsExactlyInAnyOrderEntriesOf(
                        TensorListing.ofWeights(transformer.resolve("diffusion_pytorch_model.safetensors"))
                                .tensors());
    }

    @Test
    void aVariantIsInEveryNameThatDiffusersReads() throws IOException {
        ConversionOptions options = ConversionOptions.defaults()
                .withDType(TargetDType.FP16)
                .withFiles(new FileOptions(OutputFormat.SAFETENSORS, 50_000, Optional.of("fp16")))
                .withVerify(true);
        Path transformer = convert(options, Optional.of(BASE)).resolve("transformer");
        assertThat(transformer.resolve("diffusion_pytorch_model.safetensors.index.fp16.json"))
                .exists();
        assertThat(transformer.resolve("diffusion_pytorch_model.fp16-00001-of-00004.safetensors"))
                .exists();
    }

    @Test
    void withoutABaseTheConfigurationIsDerivedFromTheWeights() throws IOException {
        Path output = convert(options(TargetDType.BF16, OutputFormat.SAFETENSORS, LinkMode.AUTO), Optional.empty());
        TransformerConfig derived = TransformerConfig.read(output.resolve("transformer/config.json"));
        TransformerConfig real = TransformerConfig.read(BASE.resolve("transformer/config.json"));
        assertThat(derived.numLayers()).isEqualTo(real.numLayers());
        assertThat(derived.numAttentionHeads()).isEqualTo(real.numAttentionHeads());
        assertThat(derived.inChannels()).isEqualTo(real.inChannels());
        assertThat(derived.textEmbedDim()).isEqualTo(real.textEmbedDim());
    }

    @Test
    void theDefaultDtypeIsThatOfTheBasesWeights() throws IOException {
        Checkpoint checkpoint = Checkpoints.open(SAMPLE, SourceOptions.defaults());
        ConversionPlan with = ConversionPlanner.plan(
                checkpoint, folder.resolve("a"), Optional.of(BaseModel.read(BASE)), ConversionOptions.defaults());
        ConversionPlan without =
                ConversionPlanner.plan(checkpoint, folder.resolve("b"), Optional.empty(), ConversionOptions.defaults());
        // The golden pipeline is stored in fp32.
        assertThat(with.dtype()).isEqualTo(TargetDType.FP32);
        assertThat(without.dtype()).isEqualTo(TargetDType.BF16);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @Attack(
            name = "output-in-source",
            tries = "an output inside the source or the base, also through a link",
            fails = "paths are compared with links resolved, before anything is made")
    void anOutputThatWouldTouchTheSourceOrTheBaseIsRefused() throws IOException {
        Path source = Resources.copy(SAMPLE, folder.resolve("run/checkpoint-3"));
        Path base = Resources.copy(BASE, folder.resolve("base"));
        for (Path output :
                new Path[] {source.resolve("pytorch_model/out"), base.resolve("out"), base.resolve("transformer")}) {
            assertThatThrownBy(() -> Conversions.convert(
                            source,
                            output,
                            Optional.of(base),
                            SourceOptions.defaults(),
                            options(TargetDType.BF16, OutputFormat.SAFETENSORS, LinkMode.AUTO)))
                    .isInstanceOfSatisfying(
                            OutputException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
        }
    }

    @Test
    void nothingIsWrittenInTheRunThatTheCheckpointWasChosenIn() throws IOException {
        Path run = Resources.copy(SAMPLE, folder.resolve("run/checkpoint-3")).getParent();
        for (Path source : new Path[] {run, run.resolve("checkpoint-3")}) {
            assertThatThrownBy(() -> Conversions.convert(
                            source,
                            source.resolve("out"),
                            Optional.empty(),
                            SourceOptions.defaults(),
                            options(TargetDType.BF16, OutputFormat.SAFETENSORS, LinkMode.AUTO)))
                    .isInstanceOfSatisfying(
                            OutputException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
            assertThat(source.resolve("out")).doesNotExist();
        }
    }

    @Test
    @Attack(
            name = "source-swap",
            tries = "the source is exchanged between the check and the copy",
            fails = "size, time and identity are taken when planning and compared at the end")
    void aSourceThatIsRewrittenBetweenPlanAndCopyIsOneClearError() throws IOException {
        Path source = Resources.copy(SAMPLE, folder.resolve("run/checkpoint-3"));
        ConversionPlan plan = plan(source);
        Path file = source.resolve(ONE_OF_ITS_FILES);
        Files.write(file, Files.readAllBytes(file));
        assertThatThrownBy(() -> Converter.convert(plan, JobControl.none()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.SOURCE_CHANGED));
        assertThat(folder.resolve("model")).doesNotExist();
    }

    /// The file shrinks after the first bytes have been read, as when a trainer rotates its checkpoints.
    @Test
    @Attack(
            name = "source-shrinks",
            tries = "the source is cut while it is copied",
            fails = "files are read through channels; nothing is published after an error")
    void aSourceThatShrinksWhileItIsReadIsOneClearErrorAndLeavesNothing() throws IOException {
        Path source = Resources.copy(SAMPLE, folder.resolve("run/checkpoint-3"));
        ConversionPlan plan = plan(source);
        Path file = source.resolve(ONE_OF_ITS_FILES);
        JobControl shrinking = JobControl.of(event -> {
            if (event instanceof JobEvent.Begun) {
                try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                    open.setLength(1000);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        });
        assertThatThrownBy(() -> Converter.convert(plan, shrinking))
                .isInstanceOfSatisfying(
                        FormatException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.SOURCE_CHANGED));
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(folder.resolve("run"));
        }
    }

    @Test
    void aConversionThatIsCancelledMidwayLeavesNothing() throws IOException {
        Path source = Resources.copy(SAMPLE, folder.resolve("run/checkpoint-3"));
        ConversionPlan plan = plan(source);
        Cancellation cancellation = new Cancellation();
        JobControl cancelling = new JobControl(
                event -> {
                    if (event instanceof JobEvent.Advanced) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        assertThatThrownBy(() -> Converter.convert(plan, cancelling)).isInstanceOf(CancelledException.class);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(folder.resolve("run"));
        }
    }

    private ConversionPlan plan(Path source) throws IOException {
        return ConversionPlanner.plan(
                Checkpoints.open(source, SourceOptions.defaults()),
                folder.resolve("model"),
                Optional.empty(),
                ConversionOptions.defaults());
    }

    private static ConversionOptions options(TargetDType dtype, OutputFormat format, LinkMode link) {
        return ConversionOptions.defaults()
                .withDType(dtype)
                .withFiles(FileOptions.of(format))
                .withLink(link)
                .withVerify(true);
    }

    private Path convert(ConversionOptions options, Optional<Path> base) throws IOException {
        Path output = folder.resolve("model");
        Conversions.convert(SAMPLE, output, base, SourceOptions.defaults(), options);
        return output;
    }
}
