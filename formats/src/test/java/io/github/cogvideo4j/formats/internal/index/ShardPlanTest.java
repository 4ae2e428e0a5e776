package io.github.cogvideo4j.formats.internal.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.index.ShardSize;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ShardPlanTest {
    private static final Pattern SHARDED = Pattern.compile("(fp32|bf16)-safe-(\\d+KB)");

    /// Every reference conversion that was split: `reference/bf16-safe-10KB`, ...
    static Stream<Path> references() {
        try (Stream<Path> folders = Files.walk(Resources.fixture(""))) {
            return folders
                    .filter(folder ->
                            SHARDED.matcher(folder.getFileName().toString()).matches())
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// `tensors-*.json` lists tensors in the order of the state dict.
    private static List<ShardPlan.Item> stateDict(Path file) {
        return JsonMapper.shared()
                .readTree(file.toFile())
                .propertyStream()
                .map(entry -> ShardPlan.Item.alone(entry.getKey(), bytes(entry.getValue())))
                .toList();
    }

    private static long bytes(JsonNode tensor) {
        DType dtype = DType.byTorchName(tensor.get("dtype").asString()).orElseThrow();
        return StoredTensor.byteLength(
                dtype,
                new Shape(
                        tensor.get("shape").valueStream().map(JsonNode::asLong).toList()));
    }

    @ParameterizedTest
    @MethodSource("references")
    void theIndexOfAPlanIsTheReferenceIndexByteForByte(Path reference) throws IOException {
        Matcher name = SHARDED.matcher(reference.getFileName().toString());
        assertThat(name.matches()).isTrue();
        ShardNames names = name.group(1).equals("bf16") ? ShardNames.DIFFUSERS : new ShardNames("model", "safetensors");
        ShardPlan plan = ShardPlan.of(
                stateDict(reference.resolveSibling("tensors-" + name.group(1) + ".json")),
                ShardSize.parse(name.group(2)).orElseThrow(),
                names);
        assertThat(plan.index())
                .hasValueSatisfying(
                        index -> assertThat(reference.resolve(names.index())).hasBinaryContent(index.toJson()));
        assertThat(plan.shards())
                .allSatisfy(
                        shard -> assertThat(reference.resolve(shard.fileName())).isRegularFile());
    }

    private static ShardPlan.Item item(String name, long bytes) {
        return ShardPlan.Item.alone(name, bytes);
    }

    private static List<List<String>> split(long limit, ShardPlan.Item... items) {
        return ShardPlan.of(List.of(items), new ShardSize(limit), ShardNames.DIFFUSERS).shards().stream()
                .map(ShardPlan.Shard::tensors)
                .toList();
    }

    @Test
    void anOversizedTensorComesBeforeTheFileBeingFilled() {
        assertThat(split(10, item("a", 4), item("big", 11), item("b", 4), item("c", 4)))
                .isEqualTo(List.of(List.of("big"), List.of("a", "b"), List.of("c")));
    }

    @Test
    void aFileMayBeFilledToItsLimitExactly() {
        assertThat(split(10, item("a", 4), item("b", 6), item("c", 10)))
                .isEqualTo(List.of(List.of("a", "b"), List.of("c")));
    }

    @Test
    void tensorsThatShareAStorageFollowTheFirstAndCountOnce() {
        ShardPlan.Item first = new ShardPlan.Item("first", 6, "storage");
        ShardPlan.Item again = new ShardPlan.Item("again", 6, "storage");
        ShardPlan plan = ShardPlan.of(
                List.of(first, item("b", 6), again, item("c", 4)), new ShardSize(10), ShardNames.DIFFUSERS);
        assertThat(plan.shards())
                .containsExactly(
                        new ShardPlan.Shard(
                                "diffusion_pytorch_model-00001-of-00002.safetensors", List.of("first", "again")),
                        new ShardPlan.Shard("diffusion_pytorch_model-00002-of-00002.safetensors", List.of("b", "c")));
        assertThat(plan.totalSize()).isEqualTo(16);
    }

    @Test
    void aSingleFileHasNoNumberAndNoIndex() {
        ShardPlan plan = ShardPlan.of(List.of(item("a", 4)), new ShardSize(10), ShardNames.DIFFUSERS);
        assertThat(plan.shards())
                .extracting(ShardPlan.Shard::fileName)
                .containsExactly("diffusion_pytorch_model.safetensors");
        assertThat(plan.index()).isEmpty();
    }

    /// Expected: Python's `int(float(number) * unit)`, which cuts 8.2 GB one byte short.
    @ParameterizedTest
    @CsvSource({
        "5GB, 5000000000",
        "10KB, 10000",
        "' 1.5 mb ', 1500000",
        ".5Gb, 500000000",
        "1.TB, 1000000000000",
        "8.2GB, 8199999999",
        "1.005KB, 1004",
        "4.35TB, 4349999999999"
    })
    void sizesAreReadAsTheHubReadsThem(String text, long bytes) {
        assertThat(ShardSize.parse(text)).hasValue(new ShardSize(bytes));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5GiB",
                "5B",
                "5000",
                "",
                "GB",
                "-1GB",
                "0KB",
                "0.0001KB",
                "1e3KB",
                "nanGB",
                "99999999999TB",
                ".GB",
                "5 G B"
            })
    void whatIsNoSizeIsNotTaken(String text) {
        assertThat(ShardSize.parse(text)).isEmpty();
    }
}
