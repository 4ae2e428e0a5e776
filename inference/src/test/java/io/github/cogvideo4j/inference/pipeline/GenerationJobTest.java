package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.GenerationRecord;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationResult;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GenerationJobTest {
    private static final Path MODEL = Resources.golden("pipelines/t2v-2b");

    @TempDir
    private Path folder;

    private GenerationRequest request() {
        return GenerationRequest.of(MODEL, "a cat", folder.resolve("cat.gif"))
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))
                .withSettings(GenerationSettings.defaults()
                        .withHeight(48)
                        .withWidth(80)
                        .withNumFrames(9)
                        .withSteps(2));
    }

    private static GenerationResult run(GenerationRequest request, GenerationProgress progress) throws IOException {
        try (GenerationJob job = GenerationJob.open(request)) {
            return job.run(progress);
        }
    }

    /// With as many threads as before: their number is a matter of the machine, and sums depend on it.
    private static GenerationRequest repeated(GenerationRecord record, Path video) {
        PipelineOptions options = record.request().options();
        ComputeOptions compute = options.compute();
        return record.request()
                .withOptions(options.withCompute(new ComputeOptions(compute.precision(), compute.device(), 1)))
                .withOutputs(GenerationOutputs.of(video));
    }

    @Test
    void allFilesAreInTheirPlaces() throws IOException {
        Path video = folder.resolve("cat.gif");
        GenerationRequest request = request()
                .withPrompts(GenerationKind.T2V, List.of(new PromptInput("a cat"), new PromptInput("a dog")))
                .withOutputs(new GenerationOutputs(
                        video,
                        Optional.of(folder.resolve("latents.safetensors")),
                        Optional.of(GenerationOutputs.contactSheetBeside(video)),
                        1,
                        false));
        List<Path> told = new ArrayList<>();
        GenerationResult result = run(request, new GenerationProgress() {
            @Override
            public void preview(Path file) {
                told.add(file);
            }

            @Override
            public void written(GeneratedVideo written) {
                assertThat(written.files().files())
                        .allSatisfy(file -> assertThat(file).isNotEmptyFile());
            }
        });
        assertThat(result.videos()).hasSize(2);
        assertThat(told)
                .containsExactly(folder.resolve("cat-1.gif.step-001.png"), folder.resolve("cat-2.gif.step-001.png"));
        assertThat(folder.toFile().list())
                .containsExactlyInAnyOrder(
                        "cat-1.gif",
                        "cat-1.gif.json",
                        "cat-1.gif.contact-sheet.png",
                        "cat-1.gif.step-001.png",
                        "latents-1.safetensors",
                        "cat-2.gif",
                        "cat-2.gif.json",
                        "cat-2.gif.contact-sheet.png",
                        "cat-2.gif.step-001.png",
                        "latents-2.safetensors");
    }

    /// The record says the size, rate, seed and scheduler that were used, not those that were asked for.
    @Test
    void theRecordMakesTheSameVideo() throws IOException {
        run(request(), GenerationProgress.NONE);
        GenerationRecord record = GenerationRecord.read(folder.resolve("cat.gif.json"));
        assertThat(record.request().options().scheduler()).isPresent();
        assertThat(record.request().settings().framesPerSecond()).hasValue(8);
        Path again = folder.resolve("again.gif");
        run(repeated(record, again), GenerationProgress.NONE);
        assertThat(again).hasSameBinaryContentAs(folder.resolve("cat.gif"));
    }

    /// A trial is small; repeating its record repeats the trial's video, and not a trial of the trial.
    @Test
    void theRecordOfATrialRepeatsItsVideo() throws IOException {
        GeneratedVideo trial =
                run(request().withTrial(true), GenerationProgress.NONE).videos().getFirst();
        assertThat(trial.check()).isPresent();
        GenerationRecord record = GenerationRecord.read(trial.files().record());
        assertThat(record.request().trial()).isFalse();
        Path again = folder.resolve("again.gif");
        run(repeated(record, again), GenerationProgress.NONE);
        assertThat(again).hasSameBinaryContentAs(trial.files().video());
    }

    @ParameterizedTest
    @EnumSource(
            value = Stage.class,
            names = {"ENCODE_PROMPT", "DENOISE", "DECODE"})
    void aJobThatIsCancelledLeavesNothing(Stage stage) {
        GenerationProgress impatient = new GenerationProgress() {
            private boolean enough;

            @Override
            public void stage(Stage now) {
                enough = now == stage && stage == Stage.ENCODE_PROMPT;
            }

            @Override
            public void step(GenerationStep step) {
                enough = stage == Stage.DENOISE;
            }

            @Override
            public void advance(Stage now, long done, long total) {
                enough = now == stage && stage == Stage.DECODE;
            }

            @Override
            public boolean isCancelled() {
                return enough;
            }
        };
        assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> run(request(), impatient));
        assertThat(folder).isEmptyDirectory();
    }

    /// Both were allowed to start; the one that ends later does not replace the other's video.
    @Test
    void ofTwoJobsForOneFileOneIsRefused() throws IOException {
        Path video = folder.resolve("cat.gif");
        try (GenerationJob late = GenerationJob.open(request())) {
            run(request().withSeed(7), GenerationProgress.NONE);
            byte[] first = Files.readAllBytes(video);
            assertThatExceptionOfType(OutputException.class)
                    .isThrownBy(() -> late.run(GenerationProgress.NONE))
                    .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
            assertThat(video).hasBinaryContent(first);
        }
        GenerationOutputs replacing = new GenerationOutputs(video, Optional.empty(), Optional.empty(), 0, true);
        assertThat(run(request().withOutputs(replacing), GenerationProgress.NONE)
                        .videos())
                .hasSize(1);
    }

    @Test
    void anInputThatDoesNotGoWithTheKindIsRefused() {
        PromptInput without = new PromptInput("a cat");
        PromptInput with = new PromptInput("a cat", Optional.of(folder.resolve("cat.png")));
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> GenerationJob.open(request().withPrompts(GenerationKind.V2V, List.of(without))));
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> GenerationJob.open(request().withPrompts(GenerationKind.T2V, List.of(with))));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void twoResultsInOnePlaceAreRefused() {
        Path video = folder.resolve("cat.safetensors");
        for (Path same : List.of(folder.resolve("a/../cat.safetensors"), folder.resolve("cat.safetensors.json"))) {
            GenerationOutputs outputs = new GenerationOutputs(video, Optional.empty(), Optional.of(same), 0, false);
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> GenerationJob.open(request().withOutputs(outputs)));
        }
    }
}
