package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.testing.Resources;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadedModelsTest {
    private static final Path MODEL = Resources.golden("pipelines/t2v-2b");

    @TempDir
    private Path folder;

    private GenerationRequest request(Path model, String prompt, String video) {
        return GenerationRequest.of(model, prompt, folder.resolve(video))
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))
                .withSettings(GenerationSettings.defaults()
                        .withHeight(48)
                        .withWidth(80)
                        .withNumFrames(9)
                        .withSteps(2));
    }

    private static void run(LoadedModels models, GenerationRequest request) throws IOException {
        try (PlannedGeneration plan = models.plan(request, JobControl.none())) {
            plan.run(JobControl.none());
        }
    }

    /// What was computed before leaves no trace: the bytes are those of a model that was opened for one video.
    @Test
    void oneModelMakesManyVideosEachAsIfItWereAlone() throws IOException {
        try (LoadedModels models = new LoadedModels()) {
            run(models, request(MODEL, "a cat", "cat.gif"));
            run(models, request(MODEL, "a dog", "dog.gif"));
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> run(
                            models,
                            request(MODEL, "a cow", "cow.gif")
                                    .withSettings(GenerationSettings.defaults().withHeight(47))));
            run(models, request(MODEL, "a cat", "again.gif"));
            assertThat(models.loads()).isEqualTo(1);
        }
        try (PlannedGeneration alone =
                new GenerationJob(request(MODEL, "a dog", "alone.gif")).plan(JobControl.none())) {
            alone.run(JobControl.none());
        }
        assertThat(folder.resolve("again.gif")).hasSameBinaryContentAs(folder.resolve("cat.gif"));
        assertThat(folder.resolve("dog.gif")).hasSameBinaryContentAs(folder.resolve("alone.gif"));
    }

    /// Another scheduler or kind of input finds the model open, and what was made before leaves no trace: the bytes are
    /// those of a model that was opened for one video.
    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "t2v-5b"})
    void schedulersAndKindsOfInputShareAModel(String name) throws IOException {
        Path model = Resources.golden("pipelines/" + name);
        Path source = folder.resolve("source.gif");
        try (PlannedGeneration plan =
                new GenerationJob(request(model, "a hill", "source.gif")).plan(JobControl.none())) {
            plan.run(JobControl.none());
        }
        GenerationRequest text = request(model, "a cat", "cat.gif");
        GenerationRequest edited =
                text.withPrompts(GenerationKind.V2V, List.of(new PromptInput("a cat", Optional.of(source))));
        List<GenerationRequest> requests = List.of(
                with(SchedulerChoice.DDIM, text),
                with(SchedulerChoice.DPM, text),
                edited,
                with(SchedulerChoice.EULER, edited),
                with(SchedulerChoice.DDIM, text),
                edited);
        assertOneModelMakes(requests);
        assertThat(Files.readAllBytes(folder.resolve("alone-1.gif")))
                .isNotEqualTo(Files.readAllBytes(folder.resolve("alone-0.gif")));
    }

    @Test
    void videosFromImagesAndContinuedOnesShareAModel() throws IOException {
        Path image = folder.resolve("image.png");
        ImageIO.write(new BufferedImage(80, 48, BufferedImage.TYPE_INT_RGB), "png", image.toFile());
        GenerationRequest fromImage = request(Resources.golden("pipelines/i2v-1.5"), "a cat", "cat.gif")
                .withPrompts(GenerationKind.I2V, List.of(new PromptInput("a cat", Optional.of(image))));
        Path source = folder.resolve("source.gif");
        try (PlannedGeneration plan = new GenerationJob(to("source.gif", fromImage)).plan(JobControl.none())) {
            plan.run(JobControl.none());
        }
        GenerationRequest continued = fromImage
                .withPrompts(GenerationKind.I2V, List.of(new PromptInput("a cat", Optional.of(source))))
                .withExtension(Optional.of(new GenerationRequest.Extension(1, OptionalInt.empty())));
        assertOneModelMakes(List.of(fromImage, continued, with(SchedulerChoice.DDIM, fromImage), fromImage));
    }

    /// All of them with one model that stays open, and each with a model of its own, to the byte.
    private void assertOneModelMakes(List<GenerationRequest> requests) throws IOException {
        try (LoadedModels models = new LoadedModels()) {
            for (int i = 0; i < requests.size(); i++) {
                run(models, to("shared-" + i + ".gif", requests.get(i)));
                models.estimate(with(SchedulerChoice.HEUN, requests.getFirst()));
            }
            assertThat(models.loads()).isEqualTo(1);
        }
        for (int i = 0; i < requests.size(); i++) {
            try (PlannedGeneration alone =
                    new GenerationJob(to("alone-" + i + ".gif", requests.get(i))).plan(JobControl.none())) {
                alone.run(JobControl.none());
            }
            assertThat(folder.resolve("shared-" + i + ".gif"))
                    .hasSameBinaryContentAs(folder.resolve("alone-" + i + ".gif"));
        }
    }

    private static GenerationRequest with(SchedulerChoice scheduler, GenerationRequest request) {
        return request.withOptions(request.options().withScheduler(scheduler));
    }

    private GenerationRequest to(String video, GenerationRequest request) {
        return request.withOutputs(GenerationOutputs.of(folder.resolve(video)));
    }

    @Test
    void anotherModelAndChangedFilesAreOpenedAnew() throws IOException {
        Path copy = folder.resolve("copy");
        try (Stream<Path> files = Files.walk(MODEL)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(MODEL.relativize(file).toString()));
            }
        }
        try (LoadedModels models = new LoadedModels()) {
            models.estimate(request(MODEL, "a cat", "cat.gif"));
            models.estimate(request(MODEL, "a dog", "dog.gif"));
            assertThat(models.loads()).isEqualTo(1);
            models.estimate(request(copy, "a cat", "cat.gif"));
            assertThat(models.loads()).isEqualTo(2);
            Files.writeString(
                    copy.resolve("transformer/config.json"),
                    Files.readString(copy.resolve("transformer/config.json")) + "\n");
            models.estimate(request(copy, "a cat", "cat.gif"));
            assertThat(models.loads()).isEqualTo(3);
        }
    }

    /// A caller that looks at all its generations first opens each model once, whatever their order, and of more models
    /// than it may have waiting those that waited longest again.
    @Test
    void modelsThatWereEstimatedWithWaitForTheirTurn() throws IOException {
        GenerationRequest one = request(MODEL, "a cat", "one.gif");
        GenerationRequest other = request(Resources.golden("pipelines/t2v-5b"), "a cat", "other.gif");
        try (LoadedModels models = new LoadedModels(2)) {
            for (GenerationRequest request : List.of(one, other, one, other)) {
                models.estimate(request);
            }
            run(models, one);
            models.estimate(other);
            models.estimate(one);
            run(models, to("another.gif", one));
            run(models, other);
            assertThat(models.loads()).isEqualTo(2);
        }
        try (LoadedModels models = new LoadedModels(1)) {
            models.estimate(one);
            models.estimate(other);
            run(models, to("third.gif", one));
            run(models, to("fourth.gif", other));
            assertThat(models.loads()).isEqualTo(3);
        }
        assertThat(folder.resolve("third.gif")).hasSameBinaryContentAs(folder.resolve("one.gif"));
        assertThat(folder.resolve("fourth.gif")).hasSameBinaryContentAs(folder.resolve("other.gif"));
    }

    @Test
    void aModelIsClosedWhenTheLastPlanThatUsesItIs() throws IOException {
        try (LoadedModels models = new LoadedModels();
                PlannedGeneration first = models.plan(request(MODEL, "a cat", "cat.gif"), JobControl.none())) {
            models.estimate(request(MODEL, "a cat", "other.gif")
                    .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.FP32, "cpu", 1))));
            first.run(JobControl.none());
        }
        assertThat(folder.resolve("cat.gif")).isNotEmptyFile();
    }

    @Test
    void keysTellWhatShapesThePixels() throws IOException {
        GenerationRequest cat = request(MODEL, "a cat", "cat.gif");
        GenerationKeys keys = new GenerationKeys();
        String key = keys.key(cat);
        assertThat(key).matches("[0-9a-f]{64}");
        assertThat(keys.key(cat.withOutputs(GenerationOutputs.of(folder.resolve("b.mp4")))))
                .isEqualTo(key);
        assertThat(keys.key(cat.withOptions(cat.options().withCompute(new ComputeOptions(Precision.BF16, "cuda", 8)))))
                .isEqualTo(key);
        assertThat(List.of(
                        keys.key(request(MODEL, "a dog", "cat.gif")),
                        keys.key(cat.withSeed(7)),
                        keys.key(cat.withNegativePrompt("")),
                        keys.key(cat.withSettings(cat.settings().withSteps(3))),
                        keys.key(cat.withModel(Resources.golden("pipelines/t2v-5b")))))
                .doesNotContain(key)
                .doesNotHaveDuplicates();
    }

    /// Files count by what they hold, wherever they lie.
    @Test
    void filesCountByTheirContent() throws IOException {
        Path one = Files.writeString(folder.resolve("one.png"), "picture", StandardCharsets.UTF_8);
        Path same = Files.writeString(folder.resolve("same.png"), "picture", StandardCharsets.UTF_8);
        Path other = Files.writeString(folder.resolve("other.png"), "pictura", StandardCharsets.UTF_8);
        GenerationKeys keys = new GenerationKeys();
        assertThat(keys.key(from(same))).isEqualTo(keys.key(from(one)));
        assertThat(keys.key(from(other))).isNotEqualTo(keys.key(from(one)));
    }

    private GenerationRequest from(Path image) {
        return request(MODEL, "a cat", "cat.gif")
                .withPrompts(GenerationKind.I2V, List.of(new PromptInput("a cat", Optional.of(image))));
    }

    /// Of large files samples are read; a change at either end is among them.
    @Test
    void largeFilesCountByTheirSizeAndSamples() throws IOException {
        byte[] bytes = new byte[(16 << 20) + 12_345];
        Path file = Files.write(folder.resolve("weights.safetensors"), bytes);
        String identity = new GenerationKeys().identity(file);
        assertThat(new GenerationKeys().identity(file)).isEqualTo(identity);
        for (int changed : new int[] {0, bytes.length - 1}) {
            bytes[changed] = 1;
            Files.write(file, bytes);
            assertThat(new GenerationKeys().identity(file)).isNotEqualTo(identity);
            bytes[changed] = 0;
        }
        Files.write(file, new byte[bytes.length + 1]);
        assertThat(new GenerationKeys().identity(file)).isNotEqualTo(identity);
    }
}
