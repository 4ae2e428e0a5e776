package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// Merged checkpoints against what torch and PEFT made of the same models (`merge.json`, which says how).
class MergeRequestTest {
    private static final Path BASE = Resources.fixture("lora-ddp-bf16-w2/base");
    private static final Path A = Resources.fixture("zero2-bf16-w3/output/checkpoint-3");
    private static final Path B = Resources.fixture("zero3-bf16-w3/output/checkpoint-3");
    private static final Path C = Resources.fixture("zero1-bf16-w2/output/checkpoint-3");
    private static final Path RUN = Resources.fixture("zero2-multi-bf16-w2/output");
    private static final double UNIT = Math.scalb(1.0, -23);

    @TempDir
    Path folder;

    @Test
    void anAverageHasTheBitsOfTheIndependentOne() throws IOException {
        requireBits("average", merged(List.of(A, B, C), Arithmetic.of(MergeMethod.AVERAGE, 0.5, 0.3, 0.2), false));
    }

    @Test
    void equalSharesAreTheDefault() throws IOException {
        MergeRequest request = MergeRequest.of(List.of(A, B, C), folder.resolve("model"))
                .withOptions(
                        ConversionOptions.defaults().withDType(TargetDType.BF16).withVerify(true));
        requireBits("equal-bf16", run(request));
    }

    @Test
    void anExponentialAverageIsTheRecursion() throws IOException {
        requireValues("ema", merged(List.of(A, B, C), ema(0.9), false), "sample");
    }

    @Test
    void aRunAloneStandsForItsCheckpointsInTheOrderOfTheirSteps() throws IOException {
        Manifest manifest = merged(List.of(RUN), ema(0.9), false);
        requireBits("ema-run", manifest);
        Manifest.Merge merge = manifest.source().merge().orElseThrow();
        assertThat(merge.sources())
                .extracting(source -> source.step().orElse(0))
                .containsExactly(9L, 10L);
        assertThat(merge.weights()).containsExactly(0.9, 1 - 0.9);
    }

    @Test
    void aLineGoesOnBeyondTheSource() throws IOException {
        requireBits("linear", merged(List.of(A), Arithmetic.of(MergeMethod.LINEAR, 1.5), true));
    }

    @Test
    void taskVectorsAreSummed() throws IOException {
        requireBits("task", merged(List.of(A, B), Arithmetic.of(MergeMethod.TASK, 0.4, 0.7), true));
    }

    @Test
    void anArcLiesBetweenTwoSourcesOrFromTheBaseToOne() throws IOException {
        requireValues("slerp", merged(List.of(A, B), Arithmetic.of(MergeMethod.SLERP, 0.75, 0.25), false), "sample");
        deleteModel();
        requireValues("slerp-base", merged(List.of(C), Arithmetic.of(MergeMethod.SLERP, 0.25), true), "sample");
    }

    @Test
    void tiesAreThoseOfThePaperAndOfPeft() throws IOException {
        Manifest usual = merged(List.of(A, B, C), Arithmetic.of(MergeMethod.TIES), true);
        requireBits("ties", usual);
        requireValues("ties", usual, "peft");
        deleteModel();
        Manifest weighted = merged(
                List.of(A, B, C),
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
        Manifest manifest = run(request);
        JsonNode expected = expected().get("tied").get("sample");
        requireSample(expected, manifest);
        assertThat(verified(List.of(one, other), Optional.empty())).isTrue();
    }

    /// Whatever the weights, as long as they sum to one.
    @Test
    void equalModelsAverageToThemselves() throws IOException {
        Path copy = folder.resolve("copy");
        Path again = folder.resolve("again");
        copy(A, copy);
        copy(A, again);
        Manifest one = new ConversionRequest(
                        List.of(ConversionRequest.Source.of(A)),
                        folder.resolve("converted"),
                        Optional.empty(),
                        ConversionOptions.defaults().withDType(TargetDType.FP32))
                .plan(JobControl.none())
                .run(JobControl.none())
                .manifest();
        Manifest average = merged(List.of(A, copy, again), Arithmetic.of(MergeMethod.AVERAGE, 0.7, 0.4, -0.1), false);
        assertThat(average.tensors()).isEqualTo(one.tensors());
    }

    /// The base decides the type of each tensor, as it does of a conversion.
    @Test
    void withoutATypeTheBaseDecides() throws IOException {
        MergeRequest request =
                MergeRequest.of(List.of(A, B), folder.resolve("model")).withBase(BASE.toString());
        assertThat(run(request).tensors().values())
                .extracting(Manifest.TensorEntry::dtype)
                .containsOnly(DType.F32);
        deleteModel();
        assertThat(run(MergeRequest.of(List.of(A, B), folder.resolve("model")))
                        .tensors()
                        .values())
                .extracting(Manifest.TensorEntry::dtype)
                .containsOnly(DType.BF16);
    }

    @Test
    void theMergeIsProvenFromItsSourcesAndFromNoOthers() throws IOException {
        merged(List.of(A, B), Arithmetic.of(MergeMethod.TASK, 0.4, 0.7), true);
        assertThat(verified(List.of(A, B), Optional.of(BASE))).isTrue();
        assertThat(verified(List.of(B, A), Optional.of(BASE))).isFalse();
        assertThatThrownBy(() -> verified(List.of(A, B), Optional.empty()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(A.toAbsolutePath().normalize().toString());
        assertThatThrownBy(() -> verified(List.of(A), Optional.of(BASE))).isInstanceOf(InvalidRequestException.class);
        VerificationReport intact = VerificationRequest.of(folder.resolve("model"))
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThat(intact.problems()).isEmpty();
    }

    @Test
    @Attack(
            name = "manifest-merge-sources",
            tries = "a manifest whose merge names files of someone else as its sources",
            fails = "paths in a manifest are shown; opened are those that the user names")
    void theSourcesThatAManifestNamesAreNotOpened() throws IOException {
        merged(List.of(A, B), Arithmetic.of(MergeMethod.TASK, 0.4, 0.7), true);
        Path manifest = folder.resolve("model").resolve(Manifest.FILE_NAME);
        String text = Files.readString(manifest);
        String told = A.toAbsolutePath().normalize().toString();
        assertThat(text).contains(told);
        Files.writeString(manifest, text.replace(told, folder.resolve("absent").toString()));
        assertThat(verified(List.of(A, B), Optional.of(BASE))).isTrue();
        for (String hostile : List.of(
                text.replace("\"method\": \"task\"", "\"method\": \"exec\""),
                text.replace("\"weight\": 0.4", "\"weight\": 1e999"),
                text.replace("\"weight\": 0.4", "\"weight\": \"0.4\""))) {
            assertThat(hostile).isNotEqualTo(text);
            Files.writeString(manifest, hostile);
            assertThatThrownBy(() -> verified(List.of(A, B), Optional.of(BASE))).isInstanceOf(FormatException.class);
        }
    }

    /// Checkpoints that came after the merge are not part of it.
    @Test
    void aRunThatHasGoneOnProvesTheMergeAllTheSame() throws IOException {
        Path run = folder.resolve("run");
        copy(RUN, run);
        run(new MergeRequest(
                List.of(run),
                folder.resolve("model"),
                Optional.empty(),
                ema(0.5),
                SourceOptions.defaults(),
                ConversionOptions.defaults()));
        copy(run.resolve("checkpoint-10"), run.resolve("checkpoint-11"));
        assertThat(verified(List.of(run), Optional.empty())).isTrue();
    }

    @Test
    void anUnfinishedCheckpointOfARunIsLeftOutAndTold() throws IOException {
        Path run = folder.resolve("run");
        copy(RUN, run);
        Files.createDirectories(run.resolve("checkpoint-11/pytorch_model"));
        List<String> noticed = new ArrayList<>();
        MergeRequest.Plan plan = MergeRequest.of(List.of(run), folder.resolve("model"))
                .plan(JobControl.of(event -> {
                    if (event instanceof JobEvent.Warned told) {
                        noticed.add(told.problem().place().toString());
                    }
                }));
        assertThat(plan.sources()).hasSize(2);
        assertThat(noticed).anyMatch(place -> place.contains("checkpoint-11"));
    }

    @Test
    void otherTablesAreRefusedWithWhatDiffers() {
        Path small = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        refused(List.of(A, small), ProblemCode.SHAPE_MISMATCH, "patch_embed.proj.weight");
        Path imageToVideo = Resources.fixture("zero2-i2v-bf16-w2/output/checkpoint-3");
        refused(List.of(A, imageToVideo), ProblemCode.SHAPE_MISMATCH, "patch_embed.proj.weight");
        refused(List.of(A, Resources.fixture("any-ltx-zero2-frozen-bf16-w2/output/checkpoint-3")), null, "");
        refused(
                List.of(A, Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3")),
                ProblemCode.MIXED_CHECKPOINTS,
                "is an adapter");
    }

    @Test
    void anOutputInASourceIsRefusedAndNothingIsWritten() throws IOException {
        Path run = folder.resolve("run");
        copy(RUN, run);
        List<String> before = listing();
        for (String output : List.of("run/checkpoint-9/merged", "run/merged", "run")) {
            assertThatThrownBy(() -> run(MergeRequest.of(List.of(run), folder.resolve(output))))
                    .isInstanceOf(OutputException.class);
        }
        assertThatThrownBy(() -> run(MergeRequest.of(List.of(A, run.resolve("checkpoint-9")), run)))
                .isInstanceOf(OutputException.class);
        assertThat(listing()).isEqualTo(before);
    }

    @Test
    void aSourceThatIsGivenTwiceIsRefused() {
        usage(MergeRequest.of(List.of(A, B, A), folder.resolve("model")), "same checkpoint");
        usage(MergeRequest.of(List.of(A, B, A.getParent()), folder.resolve("model")), "same checkpoint");
    }

    @Test
    void numbersThatDoNotGoWithTheSourcesAreRefused() {
        usage(request(List.of(A, B), Arithmetic.of(MergeMethod.AVERAGE, 0.5)), "1 weights for 2 sources");
        usage(request(List.of(A), Arithmetic.average()), "at least two");
        usage(request(List.of(A, B), Arithmetic.of(MergeMethod.LINEAR)), "at most 1");
        usage(request(List.of(A, B, C), Arithmetic.of(MergeMethod.SLERP)), "at most 2");
        usage(request(List.of(A, B), Arithmetic.of(MergeMethod.SLERP, 0.5, 0.6)), "sum to 1");
        usage(request(List.of(A), Arithmetic.of(MergeMethod.TIES)), "without base");
        usage(
                request(
                        List.of(A, B),
                        new Arithmetic(
                                MergeMethod.AVERAGE,
                                List.of(),
                                OptionalDouble.empty(),
                                OptionalDouble.empty(),
                                OptionalInt.of(4),
                                List.of())),
                "rank is one of adapters");
        assertThatThrownBy(() -> MergeRequest.of(List.of(A, folder.resolve("absent")), folder.resolve("model"))
                        .plan(JobControl.none()))
                .isInstanceOf(NoSuchFileException.class);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, 1e7, -1e7})
    void weightsThatAreNoNumbersAreRefused(double weight) {
        assertThatThrownBy(() -> Arithmetic.of(MergeMethod.AVERAGE, 0.5, weight))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("weights");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -0.5, 2, Double.NaN})
    void aDecayIsBetweenZeroAndOne(double decay) {
        assertThatThrownBy(() -> ema(decay)).isInstanceOf(InvalidRequestException.class);
    }

    /// Whole numbers have no average.
    @Test
    void wholeNumbersThatDifferAreRefusedAndNothingIsLeft() throws IOException {
        Path one = Resources.fixture("zero2-tied-buffers-bf16-w2/reference/bf16-safe");
        Path other = folder.resolve("other");
        copy(one, other);
        Path file = other.resolve("diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        int at = offsetOf(file, "extra_count");
        bytes[at]++;
        Files.write(file, bytes);
        MergeRequest request = MergeRequest.of(List.of(one, other), folder.resolve("model"))
                .withOptions(ConversionOptions.defaults().withUnchecked(true));
        if (TinySafetensors.read(file).get("extra_count").dtype() == DType.I64) {
            assertThatThrownBy(() -> run(request))
                    .isInstanceOfSatisfying(
                            InvalidCheckpointException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.DIFFERENT));
            assertThat(folder.resolve("model")).doesNotExist();
        } else {
            run(request);
        }
    }

    @ParameterizedTest
    @EnumSource(MergeMethod.class)
    void everyFieldSurvivesBeingWrittenAndRead(MergeMethod method) {
        MergeRequest request = new MergeRequest(
                List.of(Path.of("a"), Path.of("b")),
                Path.of("model"),
                Optional.of("THUDM/CogVideoX-2b"),
                new Arithmetic(
                        method,
                        List.of(0.25, -3.5),
                        OptionalDouble.empty(),
                        method == MergeMethod.TIES ? OptionalDouble.of(0.5) : OptionalDouble.empty(),
                        OptionalInt.of(8),
                        List.of(4.0, 0.5)),
                new SourceOptions(Optional.empty(), true, false),
                ConversionOptions.defaults()
                        .withDType(TargetDType.FP16)
                        .withComponent(Component.named("transformer_2")));
        assertThat(MergeRequest.read(object(JsonFile.format(request.toJson())))).isEqualTo(request);
        MergeRequest averaged = request(List.of(A), ema(0.9));
        assertThat(MergeRequest.read(object(JsonFile.format(averaged.toJson()))))
                .isEqualTo(averaged);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'merge', 'version': 2, 'sources': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'merge', 'version': 1, 'output': 'b'}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}]}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a', 'x': 1}], 'output': 'b'}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'weights': [{}]}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'weights': [0.5]}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'ema': 1.5}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'method': 'dare'}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'density': 0.5}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'rank': 0}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'source': {'x': 1}}",
                "{'job': 'merge', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'delete': true}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> MergeRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST));
    }

    private static Arithmetic ema(double decay) {
        return new Arithmetic(
                MergeMethod.AVERAGE,
                List.of(),
                OptionalDouble.of(decay),
                OptionalDouble.empty(),
                OptionalInt.empty(),
                List.of());
    }

    private MergeRequest request(List<Path> sources, Arithmetic arithmetic) {
        return MergeRequest.of(sources, folder.resolve("model")).withArithmetic(arithmetic);
    }

    private Manifest merged(List<Path> sources, Arithmetic arithmetic, boolean base) throws IOException {
        MergeRequest request = request(sources, arithmetic)
                .withOptions(
                        ConversionOptions.defaults().withDType(TargetDType.FP32).withVerify(true));
        return run(base ? request.withBase(BASE.toString()) : request);
    }

    private static Manifest run(MergeRequest request) throws IOException {
        return request.plan(JobControl.none())
                .run(JobControl.none())
                .model()
                .orElseThrow()
                .manifest();
    }

    private boolean verified(List<Path> sources, Optional<Path> base) throws IOException {
        VerificationReport report = new VerificationRequest(
                        folder.resolve("model").toString(),
                        Optional.of(sources.getFirst()),
                        List.of(),
                        sources.subList(1, sources.size()),
                        base.map(Path::toString),
                        Optional.empty(),
                        false,
                        2)
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThat(report.differences())
                .allSatisfy(difference -> assertThat(difference).isInstanceOf(TensorDifference.Values.class));
        return report.differences().isEmpty();
    }

    private void deleteModel() throws IOException {
        io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion.delete(folder.resolve("model"));
    }

    private void refused(List<Path> sources, @org.jspecify.annotations.Nullable ProblemCode code, String words) {
        assertThatThrownBy(() -> run(MergeRequest.of(sources, folder.resolve("model"))))
                .isInstanceOfSatisfying(InvalidCheckpointException.class, e -> {
                    if (code != null) {
                        assertThat(e.problem().code()).isEqualTo(code);
                    }
                    assertThat(e.problem().place() + " " + e.getMessage()).contains(words);
                });
        assertThat(folder.resolve("model")).doesNotExist();
    }

    private void usage(MergeRequest request, String words) {
        assertThatThrownBy(() -> request.plan(JobControl.none()))
                .isInstanceOf(InvalidRequestException.class)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(words);
    }

    private static int offsetOf(Path file, String tensor) throws IOException {
        byte[] all = Files.readAllBytes(file);
        int header = (int) java.nio.ByteBuffer.wrap(all)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getLong(0);
        JsonNode json = new ObjectMapper().readTree(new String(all, 8, header, StandardCharsets.UTF_8));
        return 8 + header + json.get(tensor).get("data_offsets").get(0).asInt();
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
        try (InputStream in = MergeRequestTest.class.getResourceAsStream("merge.json")) {
            return new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
    }

    private static ObjectNode object(String json) {
        return (ObjectNode) new ObjectMapper().readTree(json);
    }

    private List<String> listing() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.map(Path::toString).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }
}
