package io.github.cogvideo4j.formats.internal.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.Expectation;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShardedWeightsTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    static Stream<Expectation> cases() {
        return Expectation.broken("index-");
    }

    private static ShardedWeights resolve(Path index) throws IOException {
        return ShardedWeights.resolve(
                index,
                WeightIndex.read(index, Strictness.LENIENT, new Warnings()),
                shard -> SafetensorsFile.open(shard, Strictness.LENIENT, new Warnings())
                        .tensors());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyBrokenIndexIsNamedWithTheCodeAndWordsOfItsCase(Expectation expected) throws IOException {
        List<Problem> errors;
        List<Problem> warnings = List.of();
        List<StoredTensor> tensors = List.of();
        try {
            ShardedWeights weights = resolve(expected.input().resolve(INDEX));
            errors = weights.errors();
            warnings = weights.warnings();
            tensors = weights.tensors();
        } catch (FormatException e) {
            errors = List.of(e.problem());
        }
        if (expected.outcome().equals("error")) {
            assertThat(errors).singleElement().satisfies(expected::check);
        } else {
            assertThat(errors).isEmpty();
            assertThat(warnings).singleElement().satisfies(expected::check);
            assertThat(tensors).extracting(StoredTensor::name).containsExactlyInAnyOrder("t0", "u0", "t1", "u1");
        }
    }

    @Test
    void referenceShardsHoldWhatTheSingleReferenceFileHolds() throws IOException {
        Path reference = Resources.fixture("zero2-bf16-w2/reference");
        ShardedWeights sharded = resolve(reference.resolve("fp32-safe-20KB").resolve(INDEX));
        assertThat(sharded.errors()).isEmpty();
        assertThat(sharded.warnings()).isEmpty();
        SafetensorsFile single = SafetensorsFile.open(
                reference.resolve("fp32-safe/model.safetensors"), Strictness.STRICT, new Warnings());
        assertThat(sharded.tensors())
                .extracting(tensor -> tensor.name() + tensor.dtype() + tensor.shape())
                .containsExactlyInAnyOrderElementsOf(single.tensors().stream()
                        .map(tensor -> tensor.name() + tensor.dtype() + tensor.shape())
                        .toList());
    }

    private Path twoShards(String weightMap) throws IOException {
        Path source = Resources.fixture("broken/index-wrong-shard/input");
        Resources.copy(source, folder.resolve("model"));
        Path index = folder.resolve("model").resolve(INDEX);
        Files.writeString(index, "{'weight_map': {%s}}".formatted(weightMap).replace('\'', '"'));
        return index;
    }

    @Test
    void aTensorInTwoShardsIsTakenFromTheOneThatTheIndexNames() throws IOException {
        Path index = twoShards("'t0': '2.safetensors', 'u0': '1.safetensors'");
        Path model = index.resolveSibling("model-00001-of-00002.safetensors");
        Files.copy(model, index.resolveSibling("1.safetensors"));
        Files.copy(model, index.resolveSibling("2.safetensors"));
        ShardedWeights weights = resolve(index);
        assertThat(weights.errors()).isEmpty();
        assertThat(weights.warnings())
                .extracting(Problem::code)
                .containsOnly(ProblemCode.INDEX_MISMATCH)
                .hasSize(2);
        assertThat(weights.tensors()).extracting(StoredTensor::name).containsExactlyInAnyOrder("t0", "u0");
    }

    @Test
    void aTensorInTwoShardsThatTheIndexOmitsIsAnError() throws IOException {
        Path index = twoShards("'t0': '1.safetensors', 't1': '2.safetensors', 't0 ': '2.safetensors'");
        Path model = index.resolveSibling("model-00001-of-00002.safetensors");
        Files.copy(model, index.resolveSibling("1.safetensors"));
        Files.copy(model, index.resolveSibling("2.safetensors"));
        assertThat(resolve(index).errors()).extracting(Problem::code).contains(ProblemCode.INDEX_MISMATCH);
    }

    @Test
    void aBrokenShardIsReportedAndTheOthersAreStillRead() throws IOException {
        Path index = twoShards(
                "'t0': 'model-00001-of-00002.safetensors', 't1': 'model-00002-of-00002.safetensors', 'x': 'folder'");
        Files.write(index.resolveSibling("model-00001-of-00002.safetensors"), new byte[4]);
        Files.createDirectory(index.resolveSibling("folder"));
        ShardedWeights weights = resolve(index);
        assertThat(weights.errors())
                .extracting(Problem::code)
                .containsExactlyInAnyOrder(ProblemCode.UNSAFE_PATH, ProblemCode.TRUNCATED);
        assertThat(weights.tensors()).extracting(StoredTensor::name).containsExactlyInAnyOrder("t1", "u1");
    }
}
