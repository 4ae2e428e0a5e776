package io.github.cogvideo4j.benchmarks.synthetic;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntheticCheckpointTest {
    private static final List<NamedShape> MODEL = SyntheticModel.of(1, 1);

    @TempDir
    private Path folder;

    private Path write(int stage, int ranks, long subGroup) throws IOException {
        Path checkpoint = folder.resolve("zero%d-w%d".formatted(stage, ranks)).resolve("checkpoint-500");
        SyntheticCheckpoint.write(checkpoint, new SyntheticCheckpoint.Request(MODEL, stage, ranks, subGroup, false));
        return checkpoint;
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1000000000", "2, 3, 1000000000", "3, 1, 1000000000", "3, 3, 1000000000", "3, 7, 50000"})
    void opensAsTheModel(int stage, int ranks, long subGroup) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(write(stage, ranks, subGroup), SourceOptions.defaults());
        assertThat(checkpoint.entries().stream().map(entry -> NamedShape.of(entry.tensor())))
                .containsExactlyElementsOf(MODEL);
        assertThat(checkpoint.training().zeroStage()).hasValue(stage);
        assertThat(checkpoint.training().worldSize()).hasValue(ranks);
        assertThat(checkpoint.warnings()).isEmpty();
    }

    @Test
    void everyLayoutHoldsTheSameStateDict() throws IOException {
        byte[] expected = convert(write(2, 1, SyntheticCheckpoint.Request.SUB_GROUP));
        assertThat(convert(write(2, 4, SyntheticCheckpoint.Request.SUB_GROUP))).isEqualTo(expected);
        assertThat(convert(write(3, 3, SyntheticCheckpoint.Request.SUB_GROUP))).isEqualTo(expected);
        assertThat(convert(write(3, 2, 100_000))).isEqualTo(expected);
        assertThat(convert(distributed(1, 0))).isEqualTo(expected);
        assertThat(convert(distributed(3, 0))).isEqualTo(expected);
        assertThat(convert(distributed(5, 1))).isEqualTo(expected);
    }

    private Path distributed(int ranks, int dimension) throws IOException {
        Path checkpoint = folder.resolve("fsdp-%d-%d".formatted(ranks, dimension));
        SyntheticDistributed.write(checkpoint, MODEL, ranks, dimension);
        return checkpoint;
    }

    @Test
    void aDistributedCheckpointOpensAsTheModel() throws IOException {
        Checkpoint checkpoint = Checkpoints.open(distributed(7, 0), SourceOptions.defaults());
        // What stands before the names is found where a table is at hand, not by the reader.
        assertThat(checkpoint.entries().stream().map(entry -> NamedShape.of(entry.tensor())))
                .containsExactlyElementsOf(MODEL.stream()
                        .map(tensor -> new NamedShape("model." + tensor.name(), tensor.shape()))
                        .toList());
        assertThat(checkpoint.training().worldSize()).hasValue(7);
        assertThat(checkpoint.warnings()).isEmpty();
    }

    /// As many tensors as CogVideoX-5B has, on as many ranks as a machine has GPUs; only narrower.
    @Test
    void theTableOfTheDeepestModelOnEightRanksIsWithinTheLimits() throws IOException {
        List<NamedShape> deep = SyntheticModel.of(1, 42);
        SyntheticDistributed.write(folder.resolve("deep"), deep, 8, 0);
        assertThat(Checkpoints.open(folder.resolve("deep"), SourceOptions.defaults())
                        .entries())
                .hasSameSizeAs(deep);
    }

    @Test
    void theModuleIsTheMasterRoundedToBrainFloat() throws IOException {
        Path checkpoint = write(2, 2, SyntheticCheckpoint.Request.SUB_GROUP);
        Checkpoint module = Checkpoints.open(checkpoint, new SourceOptions(Optional.empty(), true, false));
        assertThat(convert(module)).isEqualTo(convert(checkpoint));
    }

    @ParameterizedTest
    @CsvSource({"zero2-bf16-w2, 2", "zero3-bf16-w2, 3"})
    void filesHaveTheNamesAndFieldsOfRealOnes(String fixture, int stage) throws IOException {
        Path real = Resources.fixture(fixture + "/output/checkpoint-3/pytorch_model");
        Path made = write(stage, 2, SyntheticCheckpoint.Request.SUB_GROUP).resolve("pytorch_model");
        assertThat(names(made)).isEqualTo(names(real));
        for (String name : names(real)) {
            Set<String> expected = fields(root(real.resolve(name)), "");
            // A table that no reader needs, and settings of the run.
            expected.removeIf(field -> field.contains("param_slice_mappings") || field.startsWith("/ds_config"));
            assertThat(fields(root(made.resolve(name)), "")).as(name).containsAll(expected);
        }
    }

    @Test
    void everyChecksumIsRight() throws IOException {
        Path states = write(3, 2, SyntheticCheckpoint.Request.SUB_GROUP).resolve("pytorch_model");
        for (String name : names(states)) {
            try (FileStorageReader reader = new FileStorageReader()) {
                readAll(root(states.resolve(name)), reader);
                reader.verifyChecksums();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0.02", "0.1", "0.9", "1", "5"})
    void modelsHaveAboutTheSizeAskedFor(double billions) {
        assertThat(SyntheticModel.count(SyntheticModel.ofBillions(billions)) / 1e9 / billions)
                .isBetween(0.5, 1.5);
    }

    @ParameterizedTest
    @CsvSource({"0.02", "0.05", "1", "5"})
    void modelsOfTheSecondFamilyHaveItsNamesAndAboutTheSize(double billions) {
        List<NamedShape> model = SyntheticModel.ofBillions("wan", billions);
        assertThat(SyntheticModel.count(model) / 1e9 / billions).isBetween(0.5, 1.5);
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        model.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        assertThat(Families.recognise(shapes)).singleElement().satisfies(match -> {
            assertThat(match.family().classes()).contains("WanTransformer3DModel");
            assertThat(match.extra()).isEmpty();
        });
    }

    private byte[] convert(Path checkpoint) throws IOException {
        return convert(Checkpoints.open(checkpoint, SourceOptions.defaults()));
    }

    private byte[] convert(Checkpoint checkpoint) throws IOException {
        Path output = Files.createTempDirectory(folder, "output").resolve("model");
        Converter.convert(
                ConversionPlanner.plan(checkpoint, output, Optional.empty(), ConversionOptions.defaults()),
                JobControl.none());
        return Files.readAllBytes(output.resolve("transformer/diffusion_pytorch_model.safetensors"));
    }

    private static Set<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return new TreeSet<>(files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".pt"))
                    .toList());
        }
    }

    private static PickleValue root(Path file) throws IOException {
        return TorchFile.open(file, new Warnings()).root();
    }

    /// The paths of all values with the kind of each, but for what goes by the names of parameters.
    private static Set<String> fields(PickleValue value, String path) {
        Set<String> fields = new TreeSet<>();
        fields.add(path + ":" + value.getClass().getSimpleName());
        value.asDict()
                .map(PickleValue.Dict::textEntries)
                .orElseGet(java.util.LinkedHashMap::new)
                .forEach((name, child) ->
                        fields.addAll(fields(child, path + "/" + (name.contains(".") ? "parameter" : name))));
        value.asElements().orElse(List.of()).forEach(child -> fields.addAll(fields(child, path + "/-")));
        return fields;
    }

    private static void readAll(PickleValue value, FileStorageReader reader) throws IOException {
        if (value instanceof TensorValue tensor) {
            StoredTensor stored = tensor.stored("tensor");
            reader.read(stored, bytes -> bytes.position(bytes.limit()));
        }
        for (PickleValue child : value.children()) {
            readAll(child, reader);
        }
        if (value instanceof PickleValue.Dict dict) {
            for (Map.Entry<PickleValue, PickleValue> entry : dict.entries().entrySet()) {
                readAll(entry.getValue(), reader);
            }
        }
    }
}
