package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Merged checkpoints against what torch and PEFT made of the same models (`merge.json`, which says how).
class MergeValuesTest {
    private static final double UNIT = Math.scalb(1.0, -23);

    @TempDir
    Path folder;

    @Test
    void anAverageHasTheBitsOfTheIndependentOne() throws IOException {
        requireBits(
                "average",
                Merges.merged(
                        folder,
                        List.of(Merges.A, Merges.B, Merges.C),
                        Arithmetic.of(MergeMethod.AVERAGE, 0.5, 0.3, 0.2),
                        false));
    }

    @Test
    void equalSharesAreTheDefault() throws IOException {
        MergeRequest request = MergeRequest.of(List.of(Merges.A, Merges.B, Merges.C), folder.resolve("model"))
                .withOptions(
                        ConversionOptions.defaults().withDType(TargetDType.BF16).withVerify(true));
        requireBits("equal-bf16", Merges.run(request));
    }

    @Test
    void anExponentialAverageIsTheRecursion() throws IOException {
        requireValues(
                "ema", Merges.merged(folder, List.of(Merges.A, Merges.B, Merges.C), Merges.ema(0.9), false), "sample");
    }

    @Test
    void aRunAloneStandsForItsCheckpointsInTheOrderOfTheirSteps() throws IOException {
        Manifest manifest = Merges.merged(folder, List.of(Merges.RUN), Merges.ema(0.9), false);
        requireBits("ema-run", manifest);
        Manifest.Merge merge = manifest.source().merge().orElseThrow();
        assertThat(merge.sources())
                .extracting(source -> source.step().orElse(0))
                .containsExactly(9L, 10L);
        assertThat(merge.weights()).containsExactly(0.9, 1 - 0.9);
    }

    @Test
    void aLineGoesOnBeyondTheSource() throws IOException {
        requireBits("linear", Merges.merged(folder, List.of(Merges.A), Arithmetic.of(MergeMethod.LINEAR, 1.5), true));
    }

    @Test
    void taskVectorsAreSummed() throws IOException {
        requireBits(
                "task",
                Merges.merged(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.TASK, 0.4, 0.7), true));
    }

    @Test
    void anArcLiesBetweenTwoSourcesOrFromTheBaseToOne() throws IOException {
        requireValues(
                "slerp",
                Merges.merged(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.SLERP, 0.75, 0.25), false),
                "sample");
        deleteModel();
        requireValues(
                "slerp-base",
                Merges.merged(folder, List.of(Merges.C), Arithmetic.of(MergeMethod.SLERP, 0.25), true),
                "sample");
    }

    @Test
    void tiesAreThoseOfThePaperAndOfPeft() throws IOException {
        Manifest usual =
                Merges.merged(folder, List.of(Merges.A, Merges.B, Merges.C), Arithmetic.of(MergeMethod.TIES), true);
        requireBits("ties", usual);
        requireValues("ties", usual, "peft");
        deleteModel();
        Manifest weighted = Merges.merged(
                folder,
                List.of(Merges.A, Merges.B, Merges.C),
                new Arithmetic(
                        MergeMethod.TIES,
                        List.of(0.9, 0.5, -0.4),
                        OptionalDouble.empty(),
                        OptionalDouble.of(0.37),
                        OptionalInt.empty(),
                        List.of()),
                true);
        requireBits("ties-weighted", weighted);
        requireValues("ties-weighted", weighted, "peft");
    }

    @Test
    void tiedWeightsStayTiedAndWholeNumbersStayWhole() throws IOException {
        Path other = Resources.fixture("zero3-tied-buffers-bf16-w2/output/checkpoint-3");
        Path one = Resources.fixture("zero2-tied-buffers-bf16-w2/output/checkpoint-3");
        MergeRequest request = MergeRequest.of(List.of(one, other), folder.resolve("model"))
                .withOptions(ConversionOptions.defaults()
                        .withDType(TargetDType.SOURCE)
                        .withVerify(true)
                        .withUnchecked(true));
        Manifest manifest = Merges.run(request);
        JsonNode expected = expected().get("tied").get("sample");
        requireSample(expected, manifest);
        assertThat(Merges.verified(folder, List.of(one, other), Optional.empty()))
                .isTrue();
    }

    /// Whatever the weights, as long as they sum to one.
    @Test
    void equalModelsAverageToThemselves() throws IOException {
        Path copy = folder.resolve("copy");
        Path again = folder.resolve("again");
        Resources.copy(Merges.A, copy);
        Resources.copy(Merges.A, again);
        Manifest one = new ConversionRequest(
                        List.of(ConversionRequest.Source.of(Merges.A)),
                        folder.resolve("converted"),
                        Optional.empty(),
                        ConversionOptions.defaults().withDType(TargetDType.FP32))
                .plan(JobControl.none())
                .run(JobControl.none())
                .manifest();
        Manifest average = Merges.merged(
                folder, List.of(Merges.A, copy, again), Arithmetic.of(MergeMethod.AVERAGE, 0.7, 0.4, -0.1), false);
        assertThat(average.tensors()).isEqualTo(one.tensors());
    }

    /// The base decides the type of each tensor, as it does of a conversion.
    @Test
    void withoutATypeTheBaseDecides() throws IOException {
        MergeRequest request = MergeRequest.of(List.of(Merges.A, Merges.B), folder.resolve("model"))
                .withBase(Merges.BASE.toString());
        assertThat(Merges.run(request).tensors().values())
                .extracting(Manifest.TensorEntry::dtype)
                .containsOnly(DType.F32);
        deleteModel();
        assertThat(Merges.run(MergeRequest.of(List.of(Merges.A, Merges.B), folder.resolve("model")))
                        .tensors()
                        .values())
                .extracting(Manifest.TensorEntry::dtype)
                .containsOnly(DType.BF16);
    }

    private void deleteModel() throws IOException {
        io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion.delete(folder.resolve("model"));
    }

    private static void requireBits(String name, Manifest manifest) throws IOException {
        StringBuilder lines = new StringBuilder();
        new TreeMap<>(manifest.tensors())
                .forEach((tensor, entry) ->
                        lines.append(tensor).append(':').append(entry.sha256()).append('\n'));
        assertThat(Digests.sha256(lines.toString().getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(expected().get(name).get("sha256").asString());
    }

    private void requireValues(String name, Manifest manifest, String sample) throws IOException {
        requireSample(expected().get(name).get(sample), manifest);
    }

    private void requireSample(JsonNode expected, Manifest manifest) {
        Map<String, TinySafetensors.Tensor> found =
                TinySafetensors.read(folder.resolve("model/transformer/diffusion_pytorch_model.safetensors"));
        assertThat(manifest.tensors().keySet()).containsAll(expected.propertyNames());
        expected.properties().forEach(entry -> {
            TinySafetensors.Tensor tensor = Objects.requireNonNull(found.get(entry.getKey()));
            double sum = 0;
            double size = 0;
            int count = (int) tensor.shape().numel();
            for (int i = 0; i < count; i++) {
                double value = tensor.dtype() == DType.F32
                        ? tensor.bytes().getFloat(i * 4)
                        : tensor.bytes().getLong(i * 8);
                JsonNode first = entry.getValue().get("first").get(i);
                if (first != null) {
                    assertThat(value)
                            .as(entry.getKey() + " " + i)
                            .isCloseTo(
                                    first.doubleValue(),
                                    within(4 * UNIT * largest(entry.getValue().get("first"))));
                }
                sum += value;
                size += Math.abs(value);
            }
            assertThat(sum)
                    .as(entry.getKey())
                    .isCloseTo(entry.getValue().get("sum").doubleValue(), within(UNIT * size + Double.MIN_NORMAL));
        });
    }

    /// PEFT rounds each of its sums, of up to four numbers, so its error is that of what it adds.
    private static double largest(JsonNode values) {
        double largest = 0;
        for (JsonNode value : values) {
            largest = Math.max(largest, Math.abs(value.doubleValue()));
        }
        return largest;
    }

    private static JsonNode expected() throws IOException {
        try (InputStream in = MergeValuesTest.class.getResourceAsStream("merge.json")) {
            return new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
    }
}
