package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ResultLayout;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.source.sat.SatNaming;
import io.github.cogvideo4j.checkpoints.internal.verify.Counterpart;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderVerification;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsWriter;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// SAT checkpoints converted to folders that diffusers loads, and back.
class SatConversionTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "sat-2b, transformer/diffusion_pytorch_model.safetensors",
        "sat-5b, transformer/diffusion_pytorch_model.safetensors",
        "sat-1.5, transformer/diffusion_pytorch_model.safetensors",
        "sat-vae, vae/diffusion_pytorch_model.safetensors",
        "sat-lora, pytorch_lora_weights.safetensors"
    })
    void theFileIsTheReferencesByteForByte(String name, String file) throws IOException {
        Path base = Resources.fixture(name).resolve("base");
        Path output = convert(
                Resources.fixture(name + "/input"),
                name.equals("sat-vae") || name.equals("sat-lora") ? Optional.empty() : Optional.of(base),
                options());
        assertThat(output.resolve(file)).hasSameBinaryContentAs(Resources.fixture(name + "/reference/" + file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sat-2b", "sat-5b", "sat-1.5"})
    void theConfigurationIsTheBases(String name) throws IOException {
        Path output =
                convert(Resources.fixture(name + "/input"), Optional.of(Resources.fixture(name + "/base")), options());
        assertThat(output.resolve("transformer/config.json"))
                .hasSameBinaryContentAs(Resources.fixture(name + "/reference/transformer/config.json"));
    }

    /// What sizes and tables prove is what the reference's flags had to say.
    @ParameterizedTest
    @ValueSource(strings = {"sat-2b-posemb", "sat-5b", "sat-1.5"})
    void theConfigurationIsRecognisedWithoutABase(String name) throws IOException {
        Path output = convert(Resources.fixture(name + "/input"), Optional.empty(), options());
        TransformerConfig ours = TransformerConfig.read(output.resolve("transformer/config.json"));
        TransformerConfig reference = TransformerConfig.read(Resources.fixture(name + "/base/transformer/config.json"));
        List<Function<TransformerConfig, Object>> fields = List.of(
                TransformerConfig::numLayers,
                TransformerConfig::numAttentionHeads,
                TransformerConfig::attentionHeadDim,
                TransformerConfig::inChannels,
                TransformerConfig::outChannels,
                TransformerConfig::patchSizeT,
                TransformerConfig::useRotaryPositionalEmbeddings,
                TransformerConfig::useLearnedPositionalEmbeddings,
                TransformerConfig::timeEmbedDim,
                TransformerConfig::textEmbedDim);
        assertThat(fields).allSatisfy(field -> assertThat(field.apply(ours)).isEqualTo(field.apply(reference)));
    }

    @Test
    void theAutoencodersConfigurationIsRecognisedWithoutABase() throws IOException {
        Path output = convert(Resources.fixture("sat-vae/input"), Optional.empty(), options());
        ConfigDocument ours = ConfigDocument.read(output.resolve("vae/config.json"));
        ConfigDocument reference = ConfigDocument.read(Resources.fixture("sat-vae/reference/vae/config.json"));
        // How many groups share a norm is in no tensor.
        assertThat(ours.fields())
                .filteredOn(field -> !field.equals("norm_num_groups"))
                .allSatisfy(field -> assertThat(ours.rawValue(field)).isEqualTo(reference.rawValue(field)));
    }

    @ParameterizedTest
    @CsvSource({
        "sat-2b, 1/mp_rank_00_model_states.pt",
        "sat-2b-posemb, 1/mp_rank_00_model_states.pt",
        "sat-5b, 1/mp_rank_00_model_states.pt",
        "sat-1.5, 1000/mp_rank_00_model_states.pt",
        "sat-vae, 3d-vae.pt",
        "sat-lora, 1/mp_rank_00_model_states.pt"
    })
    void fromSatAndBackIsTheSame(String name, String file) throws IOException {
        Path source = Resources.fixture(name + "/input");
        Path diffusers = convert(source, Optional.empty(), options());
        Path again = folder.resolve("again");
        Path weights = name.equals("sat-vae")
                ? diffusers.resolve("vae")
                : name.equals("sat-lora")
                        ? diffusers.resolve(WeightFileName.ADAPTER)
                        : diffusers.resolve("transformer");
        convertTo(again, weights, Optional.empty(), options().withLayout(ResultLayout.SAT));

        Map<String, String> before = raw(source.resolve(file));
        Map<String, String> after = raw(again.resolve(file.replace("1000/", "1/")));
        assertThat(before).containsAllEntriesOf(after);
        assertThat(before.keySet().stream().filter(key -> !after.containsKey(key)))
                .allMatch(key -> key.matches(
                        ".*(freqs_|position_embeddings|pos_embed\\.pos_embedding|\\.original\\.weight).*|loss\\..*"));
        // What the first conversion made, it makes again.
        Path third = folder.resolve("third");
        convertTo(third, again, Optional.empty(), options());
        assertThat(weightFiles(third)).isEqualTo(weightFiles(diffusers));
    }

    /// The hashes of a folder's weight files.
    private static Map<String, String> weightFiles(Path folder) throws IOException {
        Map<String, String> hashes = Resources.snapshot(folder);
        hashes.keySet().removeIf(file -> !file.endsWith(".safetensors"));
        return hashes;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "t2v-2b/transformer",
                "t2v-5b/transformer",
                "i2v-5b/transformer",
                "t2v-1.5/transformer",
                "i2v-1.5/transformer",
                "t2v-2b/vae",
                "i2v-1.5/vae"
            })
    void toSatAndBackIsTheSame(String path) throws IOException {
        Path source = Resources.golden("pipelines/" + path);
        Path sat = folder.resolve("sat");
        Path model = folder.resolve("model");
        convertTo(sat, source, Optional.empty(), options().withLayout(ResultLayout.SAT));
        convertTo(model, sat, Optional.of(source.getParent()), sourceDType());
        Path result = model.resolve(source.getFileName());
        assertThat(TensorListing.ofWeights(result).tensors())
                .containsExactlyInAnyOrderEntriesOf(
                        TensorListing.ofWeights(source).tensors());
        assertThat(result.resolve("config.json")).hasSameBinaryContentAs(source.resolve("config.json"));
    }

    @Test
    void theImageModelKeepsItsLearnedPositionsWithoutABase() throws IOException {
        Path sat = folder.resolve("sat");
        Path model = folder.resolve("model");
        convertTo(
                sat,
                Resources.golden("pipelines/i2v-5b/transformer"),
                Optional.empty(),
                options().withLayout(ResultLayout.SAT));
        convertTo(model, sat, Optional.empty(), options());
        TransformerConfig config = TransformerConfig.read(model.resolve("transformer/config.json"));
        assertThat(config.isImageToVideo()).isTrue();
        assertThat(config.useLearnedPositionalEmbeddings()).isTrue();
        assertThat(config.useRotaryPositionalEmbeddings()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sat-5b", "sat-vae", "sat-lora"})
    void aConvertedFolderIsVerifiedByItsManifestAndAgainstItsSource(String name) throws IOException {
        Path source = Resources.fixture(name + "/input");
        Path output = convert(source, Optional.empty(), options());
        assertThat(FolderVerification.verify(output, true, 2, JobControl.none()).problems())
                .isEmpty();
        for (Counterpart part : Counterpart.of(output, source, SourceOptions.defaults())) {
            assertThat(SourceComparison.compare(part.weights(), part.source(), 2, JobControl.none()))
                    .isEmpty();
        }
    }

    @Test
    void aSatCheckpointThatWeMadeIsVerifiedToo() throws IOException {
        Path source = Resources.golden("pipelines/t2v-5b/transformer");
        Path output = folder.resolve("sat");
        convertTo(output, source, Optional.empty(), options().withLayout(ResultLayout.SAT));
        assertThat(FolderVerification.verify(output, true, 2, JobControl.none()).problems())
                .isEmpty();
        assertThat(output.resolve("latest")).hasContent("1");
        List<Counterpart> parts = Counterpart.of(output, source, SourceOptions.defaults());
        assertThat(parts).hasSize(1);
        assertThat(SourceComparison.compare(
                        parts.getFirst().weights(), parts.getFirst().source(), 2, JobControl.none()))
                .isEmpty();
    }

    @Test
    void bothComponentsComeIntoOneFolderBesideTheBases() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        Path sat = folder.resolve("sat");
        Path vae = folder.resolve("vae");
        convertTo(sat, base.resolve("transformer"), Optional.empty(), options().withLayout(ResultLayout.SAT));
        convertTo(vae, base.resolve("vae"), Optional.empty(), options().withLayout(ResultLayout.SAT));
        Path output = folder.resolve("model");
        ConversionOptions options = sourceDType();
        ConversionPlan plan = ConversionPlanner.plan(
                open(sat), List.of(open(vae.resolve("3d-vae.pt"))), output, Optional.of(BaseModel.read(base)), options);
        Converter.convert(plan, JobControl.none());
        Map<String, String> expected = Resources.snapshot(base);
        assertThat(Resources.snapshot(output)).containsAllEntriesOf(expected);
        assertThat(FolderVerification.verify(output, true, 2, JobControl.none()).problems())
                .isEmpty();
    }

    /// A full fine-tuning saves everything into one file.
    @Test
    void theTextEncoderOfAWholeStateBecomesAComponent() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        List<StoredTensor> tensors = new ArrayList<>();
        new SatNaming()
                .export(open(base.resolve("transformer")))
                .checkpoint()
                .entries()
                .forEach(entry -> tensors.add(entry.tensor()));
        open(base.resolve("text_encoder"))
                .entries()
                .forEach(entry -> tensors.add(entry.withName("conditioner.embedders.0.transformer." + entry.name())
                        .tensor()));
        new SatNaming()
                .export(open(base.resolve("vae")))
                .checkpoint()
                .entries()
                .forEach(entry -> tensors.add(
                        entry.withName("first_stage_model." + entry.name()).tensor()));
        Path state = folder.resolve("state.safetensors");
        try (FileStorageReader reader = new FileStorageReader()) {
            SafetensorsWriter.write(state, tensors, Map.of(), reader);
        }

        Path output = folder.resolve("model");
        SourceOptions options = SourceOptions.defaults();
        ConversionPlan plan = ConversionPlanner.plan(
                open(state),
                List.of(
                        Checkpoints.openPart(state, options, Component.VAE),
                        Checkpoints.openPart(state, options, Component.TEXT_ENCODER)),
                output,
                Optional.empty(),
                options());
        Converter.convert(plan, JobControl.none());
        for (String component : List.of("transformer", "vae", "text_encoder")) {
            assertThat(TensorListing.ofWeights(output.resolve(component)).tensors())
                    .containsExactlyInAnyOrderEntriesOf(
                            TensorListing.ofWeights(base.resolve(component)).tensors());
        }
        assertThat(output.resolve("text_encoder/model.safetensors")).exists();
        assertThat(value(output, "text_encoder/config.json", "d_model"))
                .isEqualTo(value(base, "text_encoder/config.json", "d_model"));
        assertThat(FolderVerification.verify(output, true, 2, JobControl.none()).problems())
                .isEmpty();
        List<Counterpart> parts = Counterpart.of(output, state, options);
        assertThat(parts).hasSize(2);
        for (Counterpart part : parts) {
            assertThat(SourceComparison.compare(part.weights(), part.source(), 2, JobControl.none()))
                    .isEmpty();
        }
    }

    @Test
    void whatTheWeightsProveIsHeldAgainstWhatIsSaid() throws IOException {
        Path source = Resources.fixture("sat-5b/input");
        assertThatThrownBy(() -> convert(source, Optional.empty(), claiming(OptionalInt.of(42), Optional.empty())))
                .hasMessageContaining("--num-layers")
                .hasMessageContaining("shape-mismatch");
        assertThatThrownBy(() -> convert(source, Optional.empty(), claiming(OptionalInt.of(2), Optional.of("1.5"))))
                .hasMessageContaining("--version");
        convert(source, Optional.empty(), claiming(OptionalInt.of(2), Optional.of("1.0")));
    }

    @Test
    void whatTheWeightsDoNotProveIsTaken() throws IOException {
        ConversionOptions options = options()
                .withClaims(new ModelClaims(
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        true,
                        false,
                        Optional.empty(),
                        OptionalDouble.of(0.7),
                        OptionalDouble.of(1.5)));
        Path output = folder.resolve("model");
        ConversionPlan plan = ConversionPlanner.plan(
                open(Resources.fixture("sat-2b/input")),
                List.of(open(Resources.fixture("sat-vae/input"))),
                output,
                Optional.empty(),
                options);
        Converter.convert(plan, JobControl.none());
        assertThat(value(output, "transformer/config.json", "use_rotary_positional_embeddings"))
                .contains("true");
        assertThat(value(output, "vae/config.json", "scaling_factor")).contains("0.7");
        assertThat(value(output, "scheduler/scheduler_config.json", "snr_shift_scale"))
                .contains("1.5");
    }

    @Test
    void oneComponentTwiceIsRefused() throws IOException {
        Checkpoint vae = open(Resources.fixture("sat-vae/input"));
        assertThatThrownBy(() ->
                        ConversionPlanner.plan(vae, List.of(vae), folder.resolve("model"), Optional.empty(), options()))
                .hasMessageContaining("ambiguous-weights");
    }

    @Test
    void anAutoencoderInATransformersPlaceIsNamed() throws IOException {
        Checkpoint vae = open(Resources.fixture("sat-vae/input"));
        assertThatThrownBy(() -> vae.require(Component.TRANSFORMER))
                .hasMessageContaining("vae")
                .hasMessageContaining("transformer");
    }

    @Test
    void theAdaptersStrengthIsSaid() throws IOException {
        ConversionPlan plan = ConversionPlanner.plan(
                open(Resources.fixture("sat-lora/input")), folder.resolve("model"), Optional.empty(), options());
        assertThat(plan.warnings())
                .filteredOn(problem -> problem.code() == ProblemCode.LORA_ALPHA)
                .singleElement()
                .satisfies(problem -> assertThat(problem.message().text()).contains("1/2"));
    }

    private static Optional<String> value(Path output, String file, String field) throws IOException {
        return ConfigDocument.read(output.resolve(file)).rawValue(field);
    }

    private static ConversionOptions claiming(OptionalInt layers, Optional<String> version) {
        return options()
                .withClaims(new ModelClaims(
                        layers,
                        OptionalInt.empty(),
                        false,
                        false,
                        version,
                        OptionalDouble.empty(),
                        OptionalDouble.empty()));
    }

    private static ConversionOptions options() {
        return ConversionOptions.defaults();
    }

    private static ConversionOptions sourceDType() {
        return Conversions.options(TargetDType.SOURCE, FileOptions.DEFAULT_SHARD_BYTES, OutputFormat.SAFETENSORS);
    }

    private static Checkpoint open(Path path) throws IOException {
        return Checkpoints.open(path, SourceOptions.defaults());
    }

    /// The tensors of a SAT file under its own keys.
    private static Map<String, String> raw(Path file) throws IOException {
        return TensorListing.of(Checkpoints.openEverySet(file).getFirst(), TargetDType.SOURCE)
                .tensors();
    }

    private Path convert(Path source, Optional<Path> base, ConversionOptions options) throws IOException {
        Path output = Files.createTempDirectory(folder, "out").resolve("model");
        convertTo(output, source, base, options);
        return output;
    }

    private static void convertTo(Path output, Path source, Optional<Path> base, ConversionOptions options)
            throws IOException {
        Conversions.convert(source, output, base, SourceOptions.defaults(), options);
    }
}
