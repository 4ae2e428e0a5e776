package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Trainings of other models than CogVideoX: the reference's bytes come out, whatever options were given.
class OtherModelsTest {
    @TempDir
    Path folder;

    /// One component of one training.
    ///
    /// @param fixture   the fixture
    /// @param component the component that was trained
    /// @param alone     whether it is the only one, whose references have no folder of their own
    record Training(String fixture, String component, boolean alone) {
        Path checkpoint() {
            return Resources.fixture(fixture)
                    .resolve(json(fixture, "case.json")
                            .get("components")
                            .get(component)
                            .get("checkpoint")
                            .asString());
        }

        Path base() {
            return Resources.fixture(fixture).resolve("base");
        }

        private String key(String reference) {
            return alone ? reference : component + "/" + reference;
        }

        /// The hashes of a reference's files, by name.
        List<String> names(String reference) {
            List<String> names = new ArrayList<>();
            for (String key : json(fixture, "reference/files.json").propertyNames()) {
                if (key.startsWith(key(reference) + "/")) {
                    names.add(key.substring(key(reference).length() + 1));
                }
            }
            return names;
        }

        String hash(String reference, String name) {
            return json(fixture, "reference/files.json")
                    .get(key(reference) + "/" + name)
                    .asString();
        }

        /// What the base's dtypes make of it: a mixed base keeps some tensors fp32.
        String inTheBasesDTypes() {
            String expect = json(fixture, "case.json").get("expect").asString();
            for (String reference : List.of("diffusers-bf16", "fp16-safe")) {
                if (expect.contains("has the bytes of reference/.../" + reference)) {
                    return reference;
                }
            }
            return "bf16-safe";
        }

        boolean frozen() {
            return fixture.contains("frozen");
        }
    }

    private static JsonNode json(String fixture, String file) {
        return JsonMapper.shared()
                .readTree(Resources.fixture(fixture).resolve(file).toFile());
    }

    static Stream<Training> trainings() {
        return Resources.cases("").stream()
                .filter(name -> Resources.kind(name).equals("any") && !name.contains("lora"))
                .flatMap(name -> {
                    List<String> components = new ArrayList<>(
                            json(name, "case.json").get("components").propertyNames());
                    return components.stream().map(component -> new Training(name, component, components.size() == 1));
                });
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void withItsBaseTheResultIsTheReferences(Training training) throws IOException {
        Path output = convert(training);
        assertEqualTo(training, training.inTheBasesDTypes(), output);
        assertThat(output.resolve(training.component() + "/config.json"))
                .hasSameBinaryContentAs(training.base().resolve(training.component() + "/config.json"));
        for (Path file : files(training.base())) {
            String name = training.base().relativize(file).toString();
            if (!name.startsWith(training.component() + "/")) {
                assertThat(output.resolve(name)).hasSameBinaryContentAs(file);
            }
        }
        Run verified = Run.of(
                "verify", output.toString(), "--against", training.checkpoint().toString());
        assertThat(verified.exit()).as(verified.err()).isEqualTo(ExitCode.DONE);
        Run intact = Run.of("verify", output.toString());
        assertThat(intact.exit()).as(intact.err()).isEqualTo(ExitCode.DONE);
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void aUniformDTypeIsTheReferences(Training training) throws IOException {
        assertEqualTo(training, "bf16-safe", convert(training, "--dtype", "bf16"));
        // Frozen tensors come first in the merge, which diffusers' split does not follow; and a single
        // safetensors file, which accelerate writes, has lost the order.
        if (!training.frozen() && !training.fixture().contains("-ddp-")) {
            assertEqualTo(training, "bf16-safe-20KB", convert(training, "--dtype", "bf16", "--max-shard-size", "20KB"));
            assertEqualTo(
                    training, "diffusers-fp32-40KB", convert(training, "--dtype", "fp32", "--max-shard-size", "40KB"));
        }
        assertEqualTo(training, "diffusers-fp32", convert(training, "--dtype", "fp32"));
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void whatTheToolsWriteDifferentlyIsToo(Training training) throws IOException {
        if (!training.names("tool-bf16-20KB").isEmpty()) {
            assertEqualTo(training, "tool-bf16-20KB", convert(training, "--dtype", "bf16", "--max-shard-size", "20KB"));
        }
        if (!training.names("tool-source").isEmpty()) {
            assertEqualTo(training, "tool-source", convert(training, "--dtype", "source"));
        }
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void withoutABaseTheWeightsAreTheSameAndTheClassIsNamed(Training training) throws IOException {
        Path output = folder.resolve("without");
        Run run = Run.of("convert", training.checkpoint().toString(), output.toString(), "--dtype", "bf16");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        String component = training.component().replace("_2", "");
        for (String name : training.names("bf16-safe")) {
            assertThat(Resources.sha256(Files.readAllBytes(output.resolve(component + "/" + name))))
                    .isEqualTo(training.hash("bf16-safe", name));
        }
        assertThat(output.resolve(component + "/config.json")).doesNotExist();
        assertThat(run.err())
                .contains("[config-missing]")
                .contains(
                        json(training.fixture(), "case.json").get("model_class").asString())
                .doesNotContain("CogVideoX");
    }

    private int conversions;

    private Path convert(Training training, String... options) {
        Path output = folder.resolve("out" + conversions++);
        List<String> words = new ArrayList<>(List.of(
                "convert",
                training.checkpoint().toString(),
                output.toString(),
                "--base",
                training.base().toString()));
        if (!training.alone()) {
            words.addAll(List.of("--component", training.component()));
        }
        words.addAll(List.of(options));
        Run run = Run.of(words.toArray(String[]::new));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        return output;
    }

    private static void assertEqualTo(Training training, String reference, Path output) throws IOException {
        Path component = output.resolve(training.component());
        List<String> names = training.names(reference);
        assertThat(names).isNotEmpty();
        for (String name : names) {
            assertThat(Resources.sha256(Files.readAllBytes(component.resolve(ours(name)))))
                    .as("%s of %s", name, reference)
                    .isEqualTo(training.hash(reference, name));
        }
        assertThat(component.toFile().list((_, name) -> name.endsWith(".safetensors")))
                .hasSize((int) names.stream()
                        .filter(name -> name.endsWith(".safetensors"))
                        .count());
    }

    /// zero_to_fp32 calls its file otherwise.
    private static String ours(String name) {
        return name.equals("model.safetensors") ? "diffusion_pytorch_model.safetensors" : name;
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
