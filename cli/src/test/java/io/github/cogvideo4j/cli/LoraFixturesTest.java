package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Every adapter of the fixtures through the command line: fused at each scale that there is a reference for,
/// inspected, exported, and converted to every dialect, where what was written has to fuse to the same bytes.
class LoraFixturesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DIALECTS = Resources.fixture("lora-dialects");
    private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
    /// What a dialect has no words for. The fixture's LoKr has two whole matrices and an alpha, which only
    /// PEFT's configuration can say.
    private static final Map<String, Set<String>> REFUSED = Map.of(
            "diffusers", Set.of("loha", "lokr", "difference", "bias:difference", "bias:replaced", "replaced"),
            "peft", Set.of("difference"),
            "kohya", Set.of("bias:difference of lora_B", "bias:replaced", "replaced", "lokr"),
            "comfyui", Set.of("bias:difference of lora_B", "bias:replaced", "replaced", "lokr"));

    @TempDir
    Path folder;

    /// The folders of fixtures for which there are references.
    static List<String> dialects() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> folders = Files.list(DIALECTS)) {
            for (Path each : folders.sorted().toList()) {
                Path description = each.resolve("case.json");
                if (Files.isRegularFile(description)
                        && !read(description).path("reference").isEmpty()) {
                    names.add(each.getFileName().toString());
                }
            }
        }
        // One module too many: refused, and tested as such.
        names.remove("kohya-one-unknown");
        return names;
    }

    @Test
    void noFixtureIsForgotten() throws IOException {
        assertThat(dialects())
                .hasSize(22)
                .contains("diffusers", "kohya-single", "comfy-diff", "peft-lokr", "too-strong");
    }

    @ParameterizedTest
    @MethodSource("dialects")
    void everyDialectIsReadAndWritten(String name) throws IOException {
        JsonNode description = read(DIALECTS.resolve(name + "/case.json"));
        Path fixture = DIALECTS.resolve(name);
        String adapter = fixture.resolve("input").toString();
        String base =
                fixture.resolve(description.get("base").asString()).normalize().toString();
        // The only one whose alpha nobody recorded.
        List<String> alpha = name.equals("diffusers-no-alpha") ? List.of("--lora-alpha", "2") : List.of();

        Run inspected = Run.of("lora", "inspect", adapter, "--base", base, "--json");
        assertThat(inspected.exit()).as(inspected.err()).isEqualTo(ExitCode.DONE);
        JsonNode told = JSON.readTree(inspected.out()).path("result");
        int modules = told.at("/binding/modules").asInt();
        assertThat(modules).isPositive().isEqualTo(told.at("/binding/bound").asInt());
        assertThat(told.path("dialect").asString()).isEqualTo(dialect(name));
        assertThat(told.at("/binding/change_ratio").asDouble()).isPositive();

        for (Map.Entry<String, JsonNode> reference :
                description.path("reference").properties()) {
            Path output = folder.resolve("fused-" + reference.getKey());
            Run fused = fuse(base, adapter, output, alpha, "--lora-scale", reference.getKey());
            assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
            assertThat(fused.err()).contains("bound %d of %d modules".formatted(modules, modules));
            requireReference(
                    tensors(output.resolve("transformer/" + WEIGHTS)),
                    tensors(Path.of(base, "transformer", WEIGHTS)),
                    tensors(fixture.resolve(reference.getValue().asString())));
        }

        Path fused = folder.resolve("fused-1.0/transformer/" + WEIGHTS);
        Set<String> kinds = kinds(told);
        Path exported = folder.resolve("exported");
        Run export = run(alpha, "lora", "export", adapter, exported.toString(), "--base", base, "--json");
        requireTheSame(export, kinds, "diffusers", exported, base, fused, modules);
        for (String dialect : REFUSED.keySet()) {
            Path converted = folder.resolve(dialect);
            Run convert = run(
                    alpha, "lora", "convert", adapter, converted.toString(), "--to", dialect, "--base", base, "--json");
            requireTheSame(convert, kinds, dialect, converted, base, fused, modules);
        }
    }

    /// The dialect by the folder's name.
    private static String dialect(String name) {
        return switch (name.substring(0, name.indexOf('-') < 0 ? name.length() : name.indexOf('-'))) {
            case "comfy" -> "comfyui";
            case "kohya" -> "kohya";
            case "peft" -> "peft";
            case "old" -> "diffusers-processor";
            default -> "diffusers";
        };
    }

    /// What was written binds all modules and fuses to the same bytes; or it was refused for a kind that the
    /// dialect has no words for, and nothing was written.
    private void requireTheSame(
            Run written, Set<String> kinds, String dialect, Path adapter, String base, Path fused, int modules)
            throws IOException {
        boolean refused = kinds.stream().anyMatch(REFUSED.get(dialect)::contains);
        if (refused) {
            assertThat(written.exit()).as(dialect + written.out()).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(written.err()).contains("[unsupported-tensor]");
            assertThat(adapter).doesNotExist();
            return;
        }
        assertThat(written.exit()).as(dialect + written.err()).isEqualTo(ExitCode.DONE);
        assertThat(written.err()).contains("bound %d of %d modules".formatted(modules, modules));
        Path output = folder.resolve("again-" + adapter.getFileName());
        Run again = fuse(base, adapter.toString(), output, List.of());
        assertThat(again.exit()).as(dialect + again.err()).isEqualTo(ExitCode.DONE);
        assertThat(again.err()).contains("bound %d of %d modules".formatted(modules, modules));
        Map<String, byte[]> found = tensors(output.resolve("transformer/" + WEIGHTS));
        Map<String, byte[]> expected = tensors(fused);
        // A rank-stabilised alpha is folded into one of fp32 for kohya and ComfyUI.
        boolean exact =
                JSON.readTree(written.out()).path("result").path("exact").asBoolean(true);
        expected.forEach((tensor, bytes) -> {
            if (exact) {
                assertThat(found.get(tensor)).as(dialect + " " + tensor).isEqualTo(bytes);
            } else {
                requireClose(dialect + " " + tensor, found.get(tensor), bytes);
            }
        });
    }

    /// The reference's bytes, the base's where there is no reference. Products with fewer than eight columns,
    /// or pixels of a kernel, have other bits from processor to processor in libtorch itself
    /// (`LoraDialectsTest`).
    private static void requireReference(
            Map<String, byte[]> found, Map<String, byte[]> base, Map<String, byte[]> reference) {
        assertThat(found.keySet()).isEqualTo(base.keySet()).containsAll(reference.keySet());
        found.forEach((tensor, bytes) -> {
            byte[] expected = reference.getOrDefault(tensor, base.get(tensor));
            boolean narrow = tensor.endsWith("norm1.linear.weight") || tensor.equals("patch_embed.proj.weight");
            if (narrow) {
                requireClose(tensor, bytes, expected);
            } else {
                assertThat(bytes).as(tensor).isEqualTo(expected);
            }
        });
    }

    private static void requireClose(String name, byte[] found, byte[] expected) {
        ByteBuffer left = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer right = ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(found).as(name).hasSameSizeAs(expected);
        while (left.hasRemaining()) {
            float value = right.getFloat();
            // The fixtures' tolerance; of the one that is three times as strong as its base, 1e-5.
            assertThat(Math.abs(left.getFloat() - value)).as(name).isLessThan(Math.abs(value) > 1 ? 1e-5f : 1e-6f);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "any-lora-wan21-zero2-bf16-w2,      transformer,   20",
        "any-lora-flux-ddp-bf16-w2,         transformer,   16",
        "any-lora-wan22-second-ddp-bf16-w2, transformer_2, 8",
    })
    void adaptersOfOtherFamiliesFuseToTheReferencesBytes(String name, String component, int modules)
            throws IOException {
        Path fixture = Resources.fixture(name);
        String base = fixture.resolve("base").toString();
        String adapter = fixture.resolve("output/checkpoint-3").toString();
        Path reference = fixture.resolve("reference/fused-1.0/" + WEIGHTS);

        Path whole = folder.resolve("whole");
        Run fused = fuse(base, adapter, whole, List.of(), "--component", component);
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        assertThat(fused.err()).contains("bound %d of %d modules".formatted(modules, modules));
        assertThat(whole.resolve(component + "/" + WEIGHTS)).hasSameBinaryContentAs(reference);

        Path half = folder.resolve("half");
        fused = fuse(base, adapter, half, List.of(), "--component", component, "--lora-scale", "0.5");
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        JsonNode hashes = read(fixture.resolve("reference/tensors-fused-0.5.json"));
        Map<String, byte[]> tensors = tensors(half.resolve(component + "/" + WEIGHTS));
        assertThat(tensors).hasSize(hashes.size());
        tensors.forEach((tensor, bytes) -> assertThat(sha256(bytes))
                .as(tensor)
                .isEqualTo(hashes.at("/" + tensor + "/sha256").asString()));

        Path brain = folder.resolve("bf16");
        fused = fuse(base, adapter, brain, List.of(), "--component", component, "--dtype", "bf16");
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        Path small = folder.resolve("fp16");
        fused = fuse(base, adapter, small, List.of(), "--component", component, "--dtype", "fp16");
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        Map<String, byte[]> inBf16 = tensors(brain.resolve(component + "/" + WEIGHTS));
        Map<String, byte[]> inFp16 = tensors(small.resolve(component + "/" + WEIGHTS));
        tensors(reference).forEach((tensor, bytes) -> {
            assertThat(inBf16.get(tensor)).as(tensor).isEqualTo(cast(bytes, LoraFixturesTest::toBf16));
            assertThat(inFp16.get(tensor)).as(tensor).isEqualTo(cast(bytes, Float::floatToFloat16));
        });
    }

    /// To the nearest, ties to even; the fixtures have no NaN.
    private static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    private interface Cast {
        short of(float value);
    }

    private static byte[] cast(byte[] floats, Cast cast) {
        ByteBuffer from = ByteBuffer.wrap(floats).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer to = ByteBuffer.allocate(floats.length / 2).order(ByteOrder.LITTLE_ENDIAN);
        while (from.hasRemaining()) {
            to.putShort(cast.of(from.getFloat()));
        }
        return to.array();
    }

    private static Run fuse(String base, String adapter, Path output, List<String> alpha, String... more) {
        List<String> words = new ArrayList<>(List.of("lora", "fuse", base, adapter, output.toString()));
        words.addAll(Arrays.asList(more));
        return run(alpha, words.toArray(String[]::new));
    }

    private static Run run(List<String> alpha, String... words) {
        return Run.of(Stream.concat(Arrays.stream(words), alpha.stream()).toArray(String[]::new));
    }

    /// The kinds of change, where the bias that PEFT trains beside B is told from other differences.
    private static Set<String> kinds(JsonNode inspected) {
        Set<String> kinds = new java.util.TreeSet<>();
        for (JsonNode layer : inspected.path("layers")) {
            List<String> own =
                    layer.path("kinds").valueStream().map(JsonNode::asString).toList();
            kinds.addAll(own);
            if (own.contains("bias:difference")
                    && inspected.path("dialect").asString().equals("peft")) {
                kinds.remove("bias:difference");
                kinds.add("bias:difference of lora_B");
            }
        }
        return kinds;
    }

    private static JsonNode read(Path file) throws IOException {
        return JSON.readTree(Files.readAllBytes(file));
    }

    private static Map<String, byte[]> tensors(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        int header = (int) ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        Map<String, byte[]> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : JSON.readTree(new String(all, 8, header, StandardCharsets.UTF_8))
                .properties()) {
            JsonNode offsets = entry.getValue().path("data_offsets");
            if (!entry.getKey().equals("__metadata__")) {
                tensors.put(
                        entry.getKey(),
                        Arrays.copyOfRange(
                                all,
                                8 + header + offsets.get(0).asInt(),
                                8 + header + offsets.get(1).asInt()));
            }
        }
        return tensors;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
