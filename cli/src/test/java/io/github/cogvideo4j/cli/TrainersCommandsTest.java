package io.github.cogvideo4j.cli;

import static io.github.cogvideo4j.cli.Run.convert;
import static io.github.cogvideo4j.cli.Run.equal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What today's trainers leave, through the commands that a user gives: named, converted to the reference's bytes,
/// proven equal, diagnosed.
class TrainersCommandsTest {
    @TempDir
    Path folder;

    private int outputs;

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // fixture, run, checkpoint, what is removed from before the names, trainer, step, doctor's exit
                "cogkit-sft-w2, output, output/checkpoint-2, app.model., CogKit SFT, 2, 0",
                "cogkit-sft-w2, merged, merged/diffusion_pytorch_model.bin, '', -, -, 0",
                "cogkit-sft-ddp-w2, output, output/checkpoint-2, app.model., CogKit SFT, 2, 0",
                "cogkit-sft-run, output, output/checkpoint-2, app.model., CogKit SFT, 2, 1",
                "dcp-nest-foo-model-w2, output, output/checkpoint-20, foo.model., -, 20, 0",
                "dcp-nest-state-model-w2, output, output/checkpoint-20, state.model., -, 20, 0",
                "dcp-model-and-ema, output, output/checkpoint-20, model., -, 20, 0",
                "finetrainers-run, output, output/finetrainers_step_10, model., finetrainers, 10, 1",
                "finetrainers-run, output/model_weights/000010/transformer, -, '', finetrainers, -, 0",
                "hf-dcp-w2, output, output/step-20, '', 'torch.distributed (NeMo AutoModel, torchtitan)', 20, 0",
                "hf-dcp-consolidated-w2, output, output/step-20, '', 'torch.distributed (NeMo AutoModel, torchtitan)', 20, 1",
                "hf-dcp-consolidated-w2, output/step-20/sharded, output/step-20/sharded, '', 'torch.distributed (NeMo AutoModel, torchtitan)', 20, 0",
                "dtensor-ranks-w2, output, output/global_step_20/actor, '', FSDP2 (verl), 20, 0",
                "dtensor-ranks-replicated-w2, output/ckpt, -, '', FSDP2 (verl), -, 0",
                "videoxfun-full-ema, output, output/checkpoint-2, '', VideoX-Fun, 2, 1",
                "videoxfun-zero2-w2, output, output/checkpoint-2, '', VideoX-Fun, 2, 0",
                "videoxfun-zero3-w2, output, output/checkpoint-2, '', VideoX-Fun, 2, 0",
                "videoxfun-fsdp-w2, output, output/checkpoint-2, '', VideoX-Fun, 2, 0",
                "diffusion-pipe-full-w2, output/20260101_12-00-00, output/20260101_12-00-00/epoch1, '', diffusion-pipe, -, 0",
                "diffusion-pipe-full-w2, output/20260101_12-00-00/global_step2, output/20260101_12-00-00/global_step2, '', diffusion-pipe, 2, 0",
                "single-files/lightning-ckpt, input, input/epoch=0-step=2.ckpt, model., Lightning, 2, 0",
                "single-files/prefix-diffusion-model, input/cogvideox_finetune.safetensors, -, diffusion_model., -, -, 0",
                "single-files/prefix-model, input/cogvideox_finetune.safetensors, -, model., -, -, 0",
                "single-files/prefix-model-diffusion-model, input/cogvideox_finetune.safetensors, -, model.diffusion_model., -, -, 0",
                "single-files/prefix-transformer, input/cogvideox_finetune.safetensors, -, transformer., -, -, 0",
                "single-files/comfy-checkpoint-with-vae, input/cogvideox_all_in_one.safetensors, -, model.diffusion_model., -, -, 0",
                "single-files/void-48ch, input/void_pass1.safetensors, -, '', -, -, 0"
            })
    void itIsNamedConvertedProvenAndDiagnosed(
            String fixture, String run, String checkpoint, String wrapper, String trainer, String step, int diagnosis)
            throws IOException {
        Path home = Resources.fixture(fixture);
        for (String path : checkpoint == null || checkpoint.equals(run) ? List.of(run) : List.of(run, checkpoint)) {
            Path source = home.resolve(path);

            JsonNode inspected = json("inspect", source.toString());
            assertThat(inspected.at("/result/contents/0/trainer").asString(null))
                    .isEqualTo(trainer);
            assertThat(inspected.at("/result/contents/0/step").asString(null)).isEqualTo(step);

            for (List<String> base : List.of(List.<String>of(), List.of("--base", home + "/base"))) {
                Path output = output();
                Run converted = convert(source, output, base, "--dtype", "source");
                assertThat(converted.exit())
                        .as("%s %s: %s", path, base, converted.err())
                        .isEqualTo(ExitCode.DONE);
                assertThat(WrittenTensors.in(output.resolve("transformer")))
                        .isEqualTo(WrittenTensors.listed(home.resolve("reference/tensors.json")));
                if (!wrapper.isEmpty()) {
                    assertThat(converted.err()).contains(wrapper);
                }
                assertThat(converted.err()).doesNotContain("SAT");
                assertThat(output.resolve("transformer/config.json")).exists();
                equal(output, source);
                if (Files.exists(home.resolve("reference/tensors-bf16.json"))) {
                    Path bf16 = output();
                    assertThat(convert(source, bf16, base, "--dtype", "bf16").exit())
                            .isEqualTo(ExitCode.DONE);
                    assertThat(WrittenTensors.in(bf16.resolve("transformer")))
                            .isEqualTo(WrittenTensors.listed(home.resolve("reference/tensors-bf16.json")));
                    equal(bf16, source);
                }
            }
        }
        Run doctor = Run.of("doctor", home.resolve(run).toString());
        assertThat(doctor.exit().value()).as(doctor.out()).isEqualTo(diagnosis);
        if (trainer != null && doctor.exit() == ExitCode.DONE) {
            assertThat(doctor.out()).contains(trainer);
        }
        assertThat(doctor.out()).contains(wrapper);
    }

    /// A mask and the masked video beside the noise: three times 16 channels.
    @Test
    void theDoctorNamesTheChannelsOfAnInpaintingModel() {
        Path file = Resources.fixture("single-files/void-48ch/input/void_pass1.safetensors");
        Path model = output();
        assertThat(convert(file, model, List.of()).exit()).isEqualTo(ExitCode.DONE);
        for (Path path : List.of(file, model, model.resolve("transformer"))) {
            Run doctor = Run.of("doctor", path.toString());
            assertThat(doctor.exit()).as(doctor.out()).isEqualTo(ExitCode.DONE);
            assertThat(doctor.out()).contains("takes 48 channels and puts out 16", "VOID");
        }
    }

    @Test
    void theDoctorSaysThatNoKnownModelHasTheNames() throws IOException {
        Map<String, WrittenTensors.Raw> tensors = new LinkedHashMap<>();
        WrittenTensors.raw(Resources.fixture("cogkit-sft-w2/live-master.safetensors"))
                .forEach((name, tensor) -> tensors.put("head." + tensors.size(), tensor));
        Path file = ContainerFiles.write(folder.resolve("weights.safetensors"), tensors);
        Run doctor = Run.of("doctor", file.toString());
        assertThat(doctor.exit()).as(doctor.out()).isEqualTo(ExitCode.DONE);
        assertThat(doctor.out()).contains("[unknown-names]", "head.0");
    }

    private Path output() {
        return folder.resolve("out" + outputs++);
    }

    private static JsonNode json(String... words) {
        String[] all = Arrays.copyOf(words, words.length + 1);
        all[words.length] = "--json";
        Run run = Run.of(all);
        return JsonMapper.shared().readTree(run.out());
    }

    /// A derived configuration guesses what shapes do not tell; what the trainer wrote does not.
    @ParameterizedTest
    @CsvSource({
        "videoxfun-full-ema, output",
        "videoxfun-zero2-w2, output",
        "videoxfun-zero2-w2, output/checkpoint-2",
        "videoxfun-zero2-w2, output/checkpoint-2/pytorch_model",
        "finetrainers-run, output",
        "finetrainers-run, output/finetrainers_step_10",
        "dtensor-ranks-w2, output",
        "dtensor-ranks-w2, output/global_step_20/actor",
        "dtensor-ranks-replicated-w2, output/ckpt"
    })
    void withoutABaseTheConfigurationThatTheTrainerLeftIsTaken(String fixture, String path) {
        Path home = Resources.fixture(fixture);
        Path output = output();
        Run run = convert(home.resolve(path), output, List.of());
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).containsOnlyOnce("config.json was taken from").doesNotContain("derived");
        assertThat(output.resolve("transformer/config.json"))
                .hasSameBinaryContentAs(home.resolve("base/transformer/config.json"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"transformer", "huggingface"})
    void theConfigurationOfAnotherFamilyIsTakenFromBesideItsStateToo(String beside) throws IOException {
        Path fixture = Resources.fixture("any-wan21-zero2-bf16-w2");
        Path checkpoint = Resources.copy(fixture.resolve("output/checkpoint-3"), folder.resolve("checkpoint-3"));
        Path config = Files.createDirectory(checkpoint.resolve(beside)).resolve("config.json");
        Files.copy(fixture.resolve("base/transformer/config.json"), config);
        Path output = output();
        Run run = convert(checkpoint, output, List.of());
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains("config.json was taken from").doesNotContain("config-missing");
        assertThat(output.resolve("transformer/config.json")).hasSameBinaryContentAs(config);
    }

    @Test
    void aConfigurationBesideThatDoesNotFitIsNamedAndNotTaken() throws IOException {
        Path checkpoint = Resources.copy(
                Resources.fixture("videoxfun-zero2-w2/output/checkpoint-2"), folder.resolve("checkpoint-2"));
        Path config = checkpoint.resolve("transformer/config.json");
        Files.writeString(config, Files.readString(config).replace("\"num_layers\": 1", "\"num_layers\": 2"));
        Path output = output();
        Run run = convert(checkpoint, output, List.of());
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains("[missing-tensor]", config.toString(), "config.json was derived");
    }

    /// diffusion-pipe and Hydra give every start a folder of its own, named by date and time.
    @ParameterizedTest
    @CsvSource({
        "20260101_12-00-00, 20251231_23-00-00",
        "2026-01-01-wan-test, 2025-12-31-first",
        "2026-01-02/08-00-00, 2026-01-01/20-00-00",
        "2026-01-02/08-00-00, 2026-01-02/07-59-59"
    })
    void ofRunsThatAreNamedByDateTheNewestIsTaken(String newest, String older) throws IOException {
        Path newer = Resources.fixture("cogkit-sft-w2");
        Path runs = folder.resolve("runs");
        Resources.copy(newer.resolve("output"), runs.resolve(newest));
        Resources.copy(Resources.fixture("finetrainers-run/output"), runs.resolve(older));
        Files.createDirectory(runs.resolve("tensorboard"));
        Path output = output();
        Run run = convert(runs, output, List.of(), "--dtype", "source");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains(Path.of(newest).getFileName() + " was taken, the");
        assertThat(WrittenTensors.in(output.resolve("transformer")))
                .isEqualTo(WrittenTensors.listed(newer.resolve("reference/tensors.json")));
        equal(output, runs);
        assertThat(Run.of("doctor", runs.toString()).out()).contains("CogKit");
        assertThat(json("inspect", runs.toString())
                        .at("/result/contents/0/trainer")
                        .asString(""))
                .isEqualTo("CogKit SFT");
    }

    @Test
    void ofRunsThatAreNotDatedOneIsAskedFor() throws IOException {
        Path runs = folder.resolve("runs");
        Resources.copy(Resources.fixture("cogkit-sft-w2/output"), runs.resolve("first"));
        Resources.copy(Resources.fixture("finetrainers-run/output"), runs.resolve("second"));
        Run run = convert(runs, output(), List.of());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[not-a-checkpoint]", "first", "second", "give one of them");
    }

    @Test
    void anAdaptersRunIsNotPassedOverForAnOlderModel() throws IOException {
        Path runs = folder.resolve("runs");
        Resources.copy(
                Resources.fixture("diffusion-pipe-lora-w2/output/20260101_12-00-00"),
                runs.resolve("20260201_12-00-00"));
        Resources.copy(
                Resources.fixture("diffusion-pipe-full-w2/output/20260101_12-00-00"),
                runs.resolve("20260101_12-00-00"));
        Run run = convert(runs, output(), List.of());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("epoch2", "adapter");
        Path exported = output();
        Run export = Run.of("lora", "export", runs.toString(), exported.toString());
        assertThat(export.exit()).as(export.err()).isEqualTo(ExitCode.DONE);
        assertThat(export.err()).contains("epoch2");
    }

    @ParameterizedTest
    @CsvSource({
        "videoxfun-full-ema, output",
        "videoxfun-full-ema, output/checkpoint-2",
        "dcp-model-and-ema, output",
        "dcp-model-and-ema, output/checkpoint-20"
    })
    void anAverageIsNamedAndTakenWhenItIsAskedFor(String fixture, String path) {
        Path home = Resources.fixture(fixture);
        Path source = home.resolve(path);
        assertThat(convert(source, output(), List.of()).err()).contains("averaged (EMA)");
        for (List<String> base : List.of(List.<String>of(), List.of("--base", home + "/base"))) {
            Path output = output();
            Run converted = convert(source, output, base, "--ema", "--dtype", "source");
            assertThat(converted.exit()).as(converted.err()).isEqualTo(ExitCode.DONE);
            assertThat(WrittenTensors.in(output.resolve("transformer")))
                    .isEqualTo(WrittenTensors.listed(home.resolve("reference/tensors-ema.json")));
            Run equal = Run.of("verify", output.toString(), "--against", source.toString(), "--ema");
            assertThat(equal.exit()).as(equal.out() + equal.err()).isEqualTo(ExitCode.DONE);
            Run raw = Run.of("verify", output.toString(), "--against", source.toString());
            assertThat(raw.exit()).as(raw.out() + raw.err()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        }
    }

    /// Two wrappers in a plain file, both containers: the plain one is taken, the other named.
    @ParameterizedTest
    @ValueSource(strings = {"safetensors", "bin"})
    void anAverageInAPlainFileIsTakenWhenItIsAskedFor(String container) throws IOException {
        Map<String, WrittenTensors.Raw> tensors =
                WrittenTensors.raw(Resources.fixture("cogkit-sft-w2/live-master.safetensors"));
        Map<String, WrittenTensors.Raw> both = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> both.put("model." + name, tensor));
        tensors.forEach((name, tensor) -> both.put("ema." + name, tensor.zeroed()));
        Path source = ContainerFiles.write(folder.resolve("state." + container), both);

        Path plain = output();
        Run converted = convert(source, plain, List.of(), "--dtype", "source");
        assertThat(converted.exit()).as(converted.err()).isEqualTo(ExitCode.DONE);
        assertThat(converted.err()).contains("ema.", "model.");
        assertThat(WrittenTensors.in(plain.resolve("transformer"))).isEqualTo(WrittenTensors.described(tensors));

        Path average = output();
        assertThat(convert(source, average, List.of(), "--ema", "--dtype", "source")
                        .exit())
                .isEqualTo(ExitCode.DONE);
        assertThat(WrittenTensors.raw(average.resolve("transformer/diffusion_pytorch_model.safetensors"))
                        .values())
                .allMatch(tensor -> tensor.equals(tensor.zeroed()));
    }

    /// accelerate saves a second model of the same training as `model_1`: whichever is the transformer is taken.
    @ParameterizedTest
    @CsvSource({"model, model_1", "model_1, model"})
    void ofTwoModelsInOneCheckpointTheNamesDecide(String transformer, String other) throws IOException {
        Path fixture = Resources.fixture("ddp-bf16-w2");
        Path checkpoint = Resources.copy(fixture.resolve("output/checkpoint-3"), folder.resolve("checkpoint-3"));
        Path weights = checkpoint.resolve("model.safetensors");
        Map<String, WrittenTensors.Raw> tensors = WrittenTensors.raw(weights);
        Map<String, WrittenTensors.Raw> discriminator = new LinkedHashMap<>();
        tensors.values().stream()
                .limit(3)
                .forEach(tensor -> discriminator.put("head." + discriminator.size() + ".weight", tensor));
        ContainerFiles.write(checkpoint.resolve(transformer + ".safetensors"), tensors);
        ContainerFiles.write(checkpoint.resolve(other + ".safetensors"), discriminator);

        for (List<String> base : List.of(List.<String>of(), List.of("--base", fixture + "/base"))) {
            Path output = output();
            Run run = convert(checkpoint, output, base, "--dtype", "source");
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
            assertThat(run.err())
                    .contains("model.safetensors, model_1.safetensors")
                    .contains("head.0.weight");
            assertThat(WrittenTensors.in(output.resolve("transformer"))).isEqualTo(WrittenTensors.described(tensors));
            equal(output, checkpoint);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whatWasWrittenUncheckedIsSaidByEveryVerification(int count) throws IOException {
        Map<String, WrittenTensors.Raw> tensors = new LinkedHashMap<>();
        WrittenTensors.raw(Resources.fixture("cogkit-sft-w2/live-master.safetensors")).values().stream()
                .limit(count)
                .forEach(tensor -> tensors.put("head." + tensors.size(), tensor));
        Path source = ContainerFiles.write(folder.resolve("head.safetensors"), tensors);
        assertThat(convert(source, output(), List.of()).err()).contains("[unknown-names]", "--unchecked-names");
        Path written = output();
        Run converted = convert(source, written, List.of("--unchecked-names"));
        assertThat(converted.exit()).as(converted.err()).isEqualTo(ExitCode.DONE);
        for (List<String> words : List.of(
                List.of("verify", written.toString()),
                List.of("verify", written.toString(), "--against", source.toString()))) {
            Run verified = Run.of(words.toArray(String[]::new));
            assertThat(verified.err())
                    .contains("[unchecked-names]", "were not checked when written", "head.0")
                    .contains("names of the " + count + (count == 1 ? " tensor " : " tensors "));
        }
    }

    /// Nothing is wrong with a training of an adapter, whichever library saved it, from the run or the checkpoint.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "any-lora-wan22-second-ddp-bf16-w2/output",
                "any-lora-wan22-second-ddp-bf16-w2/output/checkpoint-3",
                "any-lora-flux-ddp-bf16-w2/output",
                "lora-alpha-ddp-bf16-w2/output",
                "diffusion-pipe-lora-w2/output/20260101_12-00-00"
            })
    void aRunThatTrainedAnAdapterIsOneToTheDoctor(String path) {
        Run doctor = Run.of("doctor", Resources.fixture(path).toString());
        assertThat(doctor.out()).contains("adapter").doesNotContain("no model, no checkpoint", "problem:");
    }
}
