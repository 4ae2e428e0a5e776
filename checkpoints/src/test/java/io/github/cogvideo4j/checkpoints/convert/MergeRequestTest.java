package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// What a merge takes and refuses, and the request as JSON.
class MergeRequestTest {
    @TempDir
    Path folder;

    @Test
    void aDamagedStorageOfASourceEndsTheMerge() throws IOException {
        Path damaged = folder.resolve("damaged");
        Resources.copy(Merges.A, damaged);
        Extent extent = ((TensorData.Extents) Checkpoints.open(damaged, SourceOptions.defaults())
                        .entries()
                        .getFirst()
                        .tensor()
                        .data())
                .parts()
                .getFirst();
        Storage.Plain storage = (Storage.Plain) extent.storage();
        byte[] bytes = Files.readAllBytes(storage.file());
        bytes[(int) (storage.offset() + extent.offset())] ^= 1;
        Files.write(storage.file(), bytes);
        MergeRequest.Plan plan = MergeRequest.of(List.of(damaged, Merges.B), folder.resolve("model"))
                .plan(JobControl.none());
        assertThatThrownBy(() -> plan.run(JobControl.none()))
                .isInstanceOfSatisfying(
                        MalformedFileException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.BAD_CRC));
        assertThat(folder.resolve("model")).doesNotExist();
    }

    @Test
    void anUnfinishedCheckpointOfARunIsLeftOutAndTold() throws IOException {
        Path run = folder.resolve("run");
        Resources.copy(Merges.RUN, run);
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
    void whatIsSaidOfTheSourcesIsSaidOnce() throws IOException {
        List<String> told = new ArrayList<>();
        MergeRequest.of(
                        List.of(
                                Resources.fixture("zero2-tied-buffers-bf16-w2/output/checkpoint-3"),
                                Resources.fixture("zero3-tied-buffers-bf16-w2/output/checkpoint-3")),
                        folder.resolve("model"))
                .plan(JobControl.of(event -> {
                    if (event instanceof JobEvent.Warned warned) {
                        told.add(warned.problem().toString());
                    }
                }));
        assertThat(told).isNotEmpty().doesNotHaveDuplicates();
    }

    @Test
    void otherTablesAreRefusedWithWhatDiffers() {
        Path small = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        refused(List.of(Merges.A, small), ProblemCode.SHAPE_MISMATCH, "patch_embed.proj.weight");
        Path imageToVideo = Resources.fixture("zero2-i2v-bf16-w2/output/checkpoint-3");
        refused(List.of(Merges.A, imageToVideo), ProblemCode.SHAPE_MISMATCH, "patch_embed.proj.weight");
        refused(List.of(Merges.A, Resources.fixture("any-ltx-zero2-frozen-bf16-w2/output/checkpoint-3")), null, "");
        refused(
                List.of(Merges.A, Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3")),
                ProblemCode.MIXED_CHECKPOINTS,
                "is an adapter");
    }

    @Test
    void anOutputInASourceIsRefusedAndNothingIsWritten() throws IOException {
        Path run = folder.resolve("run");
        Resources.copy(Merges.RUN, run);
        List<String> before = listing();
        for (String output : List.of("run/checkpoint-9/merged", "run/merged", "run")) {
            assertThatThrownBy(() -> Merges.run(MergeRequest.of(List.of(run), folder.resolve(output))))
                    .isInstanceOf(OutputException.class);
        }
        assertThatThrownBy(() -> Merges.run(MergeRequest.of(List.of(Merges.A, run.resolve("checkpoint-9")), run)))
                .isInstanceOf(OutputException.class);
        assertThat(listing()).isEqualTo(before);
    }

    @Test
    void aSourceThatIsGivenTwiceIsRefused() {
        usage(MergeRequest.of(List.of(Merges.A, Merges.B, Merges.A), folder.resolve("model")), "same checkpoint");
        usage(
                MergeRequest.of(List.of(Merges.A, Merges.B, Merges.A.getParent()), folder.resolve("model")),
                "same checkpoint");
    }

    @Test
    void numbersThatDoNotGoWithTheSourcesAreRefused() {
        usage(
                Merges.request(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.AVERAGE, 0.5)),
                "1 weights for 2 sources");
        usage(Merges.request(folder, List.of(Merges.A), Arithmetic.average()), "at least two");
        usage(Merges.request(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.LINEAR)), "at most 1");
        usage(
                Merges.request(folder, List.of(Merges.A, Merges.B, Merges.C), Arithmetic.of(MergeMethod.SLERP)),
                "at most 2");
        usage(
                Merges.request(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.SLERP, 0.5, 0.6)),
                "sum to 1");
        usage(Merges.request(folder, List.of(Merges.A), Arithmetic.of(MergeMethod.TIES)), "without base");
        usage(
                Merges.request(
                        folder,
                        List.of(Merges.A, Merges.B),
                        new Arithmetic(
                                MergeMethod.AVERAGE,
                                List.of(),
                                OptionalDouble.empty(),
                                OptionalDouble.empty(),
                                OptionalInt.of(4),
                                List.of())),
                "rank is one of adapters");
        assertThatThrownBy(() -> MergeRequest.of(List.of(Merges.A, folder.resolve("absent")), folder.resolve("model"))
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
        assertThatThrownBy(() -> Merges.ema(decay)).isInstanceOf(InvalidRequestException.class);
    }

    /// Whole numbers have no average.
    @Test
    void wholeNumbersThatDifferAreRefusedAndNothingIsLeft() throws IOException {
        Path one = Resources.fixture("zero2-tied-buffers-bf16-w2/reference/bf16-safe");
        Path other = folder.resolve("other");
        Resources.copy(one, other);
        Path file = other.resolve("diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        int at = offsetOf(file, "extra_count");
        bytes[at]++;
        Files.write(file, bytes);
        MergeRequest request = MergeRequest.of(List.of(one, other), folder.resolve("model"))
                .withOptions(ConversionOptions.defaults().withUnchecked(true));
        if (TinySafetensors.read(file).get("extra_count").dtype() == DType.I64) {
            assertThatThrownBy(() -> Merges.run(request))
                    .isInstanceOfSatisfying(
                            InvalidCheckpointException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.DIFFERENT));
            assertThat(folder.resolve("model")).doesNotExist();
        } else {
            Merges.run(request);
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
        MergeRequest averaged = Merges.request(folder, List.of(Merges.A), Merges.ema(0.9));
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

    private void refused(List<Path> sources, @org.jspecify.annotations.Nullable ProblemCode code, String words) {
        assertThatThrownBy(() -> Merges.run(MergeRequest.of(sources, folder.resolve("model"))))
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

    private static ObjectNode object(String json) {
        return (ObjectNode) new ObjectMapper().readTree(json);
    }

    private List<String> listing() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.map(Path::toString).sorted().toList();
        }
    }
}
