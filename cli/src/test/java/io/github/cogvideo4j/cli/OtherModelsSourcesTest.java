package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The sources that CogVideoX's fixtures have, for other models: the trained values of a fixture saved in another way
/// give the same reference's bytes.
class OtherModelsSourcesTest {
    @TempDir
    Path folder;

    /// The trained values in fp32, which the reference lists by hash.
    private SequencedMap<String, WrittenTensors.Raw> values(String fixture, String component) {
        Path merged = folder.resolve("merged");
        Run run = Run.of(
                "convert",
                Resources.fixture(fixture).resolve("output/checkpoint-3").toString(),
                merged.toString(),
                "--dtype",
                "source");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        Map<String, WrittenTensors.Raw> tensors =
                WrittenTensors.raw(merged.resolve(component + "/diffusion_pytorch_model.safetensors"));
        assertThat(WrittenTensors.described(tensors))
                .isEqualTo(WrittenTensors.listed(Resources.fixture(fixture).resolve("reference/tensors-fp32.json")));
        return new LinkedHashMap<>(tensors);
    }

    private static List<SequencedMap<String, WrittenTensors.Raw>> oneGroup(
            SequencedMap<String, WrittenTensors.Raw> values) {
        return List.of(values);
    }

    /// Weights that decay, and biases and norms that do not: the usual two groups.
    private static List<SequencedMap<String, WrittenTensors.Raw>> twoGroups(
            SequencedMap<String, WrittenTensors.Raw> values) {
        SequencedMap<String, WrittenTensors.Raw> decay = new LinkedHashMap<>();
        SequencedMap<String, WrittenTensors.Raw> none = new LinkedHashMap<>();
        values.forEach((name, tensor) -> (tensor.shape().size() > 1 ? decay : none).put(name, tensor));
        return List.of(decay, none);
    }

    @ParameterizedTest
    @CsvSource({
        // fixture, component, how it was saved, ranks, the reference of a uniform dtype
        "any-wan21-zero2-bf16-w2, transformer, zero2-groups, 2, bf16",
        "any-wan21-zero2-bf16-w2, transformer, zero2-groups, 3, bf16",
        "any-wan21-zero2-bf16-w2, transformer, universal2, 2, bf16",
        "any-wan21-zero2-bf16-w2, transformer, universal3, 3, bf16",
        "any-wan21-zero2-bf16-w2, transformer, universal3-groups, 2, bf16",
        "any-unet-zero2-bf16-w2, unet, zero2-groups, 2, bf16",
        "any-unet-zero2-bf16-w2, unet, universal2, 2, bf16",
        "any-unet-zero2-bf16-w2, unet, universal3, 4, bf16",
        "any-mochi-zero2-fp16-w2, transformer, zero2-groups, 2, fp16",
        "any-mochi-zero2-fp16-w2, transformer, universal2, 2, fp16",
        "any-mochi-zero2-fp16-w2, transformer, universal3, 3, fp16"
    })
    void howItWasSavedChangesNoByte(String fixture, String component, String saved, int ranks, String dtype)
            throws IOException {
        SequencedMap<String, WrittenTensors.Raw> values = values(fixture, component);
        Path checkpoint = folder.resolve("checkpoint-3");
        ZeroState state = new ZeroState(saved.endsWith("groups") ? twoGroups(values) : oneGroup(values), Map.of());
        if (saved.startsWith("zero2")) {
            state.writeStage2(checkpoint.resolve("global_step3"), ranks);
        } else {
            state.writeUniversal(checkpoint.resolve("global_step3_universal"), saved.contains("3") ? 3 : 2, ranks);
        }
        Path home = Resources.fixture(fixture);
        for (List<String> base : List.of(List.<String>of(), List.of("--base", home + "/base"))) {
            Path source = convert(checkpoint, "source", base);
            assertThat(WrittenTensors.in(source.resolve(component)))
                    .isEqualTo(WrittenTensors.listed(home.resolve("reference/tensors-fp32.json")));
            Run.equal(source, checkpoint);
            Path cast = convert(checkpoint, dtype, base);
            assertThat(cast.resolve(component + "/diffusion_pytorch_model.safetensors"))
                    .hasSameBinaryContentAs(
                            home.resolve("reference/" + dtype + "-safe/diffusion_pytorch_model.safetensors"));
            Run.equal(cast, checkpoint);
        }
        assertThat(Run.of("doctor", checkpoint.toString()).exit()).isEqualTo(ExitCode.DONE);
    }

    /// DeepSpeed saves tied weights once, under the owner's name. Each name gets the owner's value.
    @ParameterizedTest
    @CsvSource({"zero2", "universal2", "universal3"})
    void tiedWeightsAreWrittenUnderBothNames(String saved) throws IOException {
        String fixture = "any-wan21-zero2-bf16-w2";
        SequencedMap<String, WrittenTensors.Raw> values = values(fixture, "transformer");
        String owner = "blocks.0.attn1.to_q.weight";
        String alias = "blocks.0.attn1.to_k.weight";
        values.remove(alias);
        Path checkpoint = folder.resolve("checkpoint-3");
        ZeroState state = new ZeroState(twoGroups(values), Map.of(alias, owner));
        if (saved.equals("zero2")) {
            state.writeStage2(checkpoint.resolve("global_step3"), 2);
        } else {
            state.writeUniversal(checkpoint.resolve("global_step3_universal"), saved.contains("3") ? 3 : 2, 2);
        }
        SequencedMap<String, WrittenTensors.Raw> expected = new LinkedHashMap<>(values);
        expected.put(alias, values.get(owner));
        SortedMap<String, String> described = WrittenTensors.described(expected);
        for (List<String> base : List.of(List.<String>of(), List.of("--base", Resources.fixture(fixture) + "/base"))) {
            Path output = convert(checkpoint, "source", base);
            assertThat(WrittenTensors.in(output.resolve("transformer"))).isEqualTo(described);
            Run.equal(output, checkpoint);
        }
    }

    private Path convert(Path source, String dtype, List<String> base) throws IOException {
        Path output = Files.createTempDirectory(folder, "out").resolve("model");
        List<String> words =
                new ArrayList<>(List.of("convert", source.toString(), output.toString(), "--dtype", dtype));
        words.addAll(base);
        Run run = Run.of(words.toArray(String[]::new));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        return output;
    }

    /// The component that was trained in a folder called as the pipeline calls it, of a class that no family has.
    @ParameterizedTest
    @CsvSource({
        "controlnet, FluxControlNetModel, FluxControlNetPipeline",
        "prior, PriorTransformer, KandinskyV22PriorPipeline"
    })
    void aComponentOfAnyNameIsFoundByTheBasesTable(String component, String className, String pipeline)
            throws IOException {
        SequencedMap<String, WrittenTensors.Raw> weights = component(component, 1);
        SequencedMap<String, WrittenTensors.Raw> trained = component(component, 2);
        Path base = Files.createDirectories(folder.resolve("base"));
        Files.writeString(base.resolve("model_index.json"), """
                {
                  "_class_name": "%s",
                  "_diffusers_version": "0.40.0",
                  "%s": ["diffusers", "%s"],
                  "scheduler": ["diffusers", "UnCLIPScheduler"],
                  "image_encoder": [null, null]
                }
                """.formatted(pipeline, component, className));
        Path home = Files.createDirectories(base.resolve(component));
        Files.writeString(home.resolve("config.json"), "{\n  \"_class_name\": \"" + className + "\"\n}\n");
        ContainerFiles.write(home.resolve("diffusion_pytorch_model.safetensors"), weights);
        Files.createDirectories(base.resolve("scheduler"));
        Files.writeString(base.resolve("scheduler/scheduler_config.json"), "{}\n");

        SequencedMap<String, WrittenTensors.Raw> wrapped = new LinkedHashMap<>();
        trained.forEach((name, tensor) -> wrapped.put("module." + name, tensor));
        Path checkpoint = Files.createDirectories(folder.resolve("checkpoint-9"));
        ContainerFiles.write(checkpoint.resolve("model.safetensors"), wrapped);

        Path output = convert(checkpoint, "bf16", List.of("--base", base.toString()));
        assertThat(WrittenTensors.in(output.resolve(component))).isEqualTo(WrittenTensors.described(trained));
        assertThat(output.resolve(component + "/config.json")).hasSameBinaryContentAs(home.resolve("config.json"));
        assertThat(output.resolve("model_index.json")).hasSameBinaryContentAs(base.resolve("model_index.json"));
        try (Stream<Path> folders = Files.list(output)) {
            assertThat(folders.filter(Files::isDirectory)
                            .map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder(component, "scheduler");
        }
        Run.equal(output, checkpoint);
        assertThat(Run.of("verify", output.toString()).exit()).isEqualTo(ExitCode.DONE);
        Run doctor = Run.of("doctor", output.toString());
        assertThat(doctor.exit()).as(doctor.out()).isEqualTo(ExitCode.DONE);

        Run named = Run.of(
                "convert",
                checkpoint.toString(),
                folder.resolve("named").toString(),
                "--base",
                base.toString(),
                "--component",
                component);
        assertThat(named.exit()).as(named.err()).isEqualTo(ExitCode.DONE);
        Run compared = Run.of("inspect", output.toString(), "--compare", base.toString());
        assertThat(compared.exit()).as(compared.err()).isEqualTo(ExitCode.DONE);

        Path refused = folder.resolve("refused");
        Run without = Run.of("convert", checkpoint.toString(), refused.toString());
        assertThat(without.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(without.err()).contains("[unknown-names]");
        assertThat(refused).doesNotExist();
    }

    /// Names that diffusers' classes have, in sizes of a few elements.
    private static SequencedMap<String, WrittenTensors.Raw> component(String kind, int seed) {
        List<String> names = kind.equals("controlnet")
                ? List.of(
                        "x_embedder.weight",
                        "controlnet_x_embedder.weight",
                        "controlnet_blocks.0.weight",
                        "controlnet_single_blocks.0.weight",
                        "transformer_blocks.0.attn.to_q.weight")
                : List.of(
                        "proj_in.weight",
                        "embedding_proj.weight",
                        "transformer_blocks.0.attn1.to_q.weight",
                        "transformer_blocks.0.ff.net.0.proj.weight",
                        "proj_to_clip_embeddings.weight");
        SequencedMap<String, WrittenTensors.Raw> tensors = new LinkedHashMap<>();
        for (String name : names) {
            byte[] bytes = new byte[2 * 4 * (tensors.size() + 1)];
            Arrays.fill(bytes, (byte) (0x30 + seed));
            tensors.put(name, new WrittenTensors.Raw("BF16", List.of(4L, (long) tensors.size() + 1), bytes));
        }
        return tensors;
    }
}
