package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.job.Activity;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRecord;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationResult;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

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

    private static GenerationResult run(GenerationRequest request, JobControl control) throws IOException {
        try (PlannedGeneration job = new GenerationJob(request).plan(JobControl.none())) {
            return job.run(control);
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
        GenerationResult result = run(request, JobControl.of(event -> {
            if (event instanceof GenerationEvent.PreviewWritten(Path file)) {
                told.add(file);
            } else if (event instanceof GenerationEvent.VideoWritten(GeneratedVideo written)) {
                assertThat(written.files().files())
                        .allSatisfy(file -> assertThat(file).isNotEmptyFile());
            }
        }));
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
        run(request(), JobControl.none());
        GenerationRecord record = GenerationRecord.read(folder.resolve("cat.gif.json"));
        assertThat(record.request().options().scheduler()).isPresent();
        assertThat(record.request().settings().framesPerSecond()).hasValue(8);
        Path again = folder.resolve("again.gif");
        run(repeated(record, again), JobControl.none());
        assertThat(again).hasSameBinaryContentAs(folder.resolve("cat.gif"));
    }

    /// A trial is small; repeating its record repeats the trial's video, and not a trial of the trial.
    @Test
    void theRecordOfATrialRepeatsItsVideo() throws IOException {
        GeneratedVideo trial =
                run(request().withTrial(true), JobControl.none()).videos().getFirst();
        assertThat(trial.check()).isPresent();
        GenerationRecord record = GenerationRecord.read(trial.files().record());
        assertThat(record.request().trial()).isFalse();
        Path again = folder.resolve("again.gif");
        run(repeated(record, again), JobControl.none());
        assertThat(again).hasSameBinaryContentAs(trial.files().video());
    }

    @ParameterizedTest
    @EnumSource(
            value = Stage.class,
            names = {"ENCODE_PROMPT", "DENOISE", "DECODE"})
    void aJobThatIsCancelledLeavesNothing(Stage stage) {
        Cancellation enough = new Cancellation();
        AtomicReference<Activity> now = new AtomicReference<>(Stage.LOAD);
        JobControl impatient = new JobControl(
                event -> {
                    if (event instanceof JobEvent.Begun begun) {
                        now.set(begun.activity());
                    }
                    if (now.get() == stage && (stage == Stage.ENCODE_PROMPT || event instanceof JobEvent.Advanced)) {
                        enough.cancel();
                    }
                },
                enough);
        assertThatExceptionOfType(CancelledException.class).isThrownBy(() -> run(request(), impatient));
        assertThat(folder).isEmptyDirectory();
    }

    /// The second is refused before it computes; what it was refused for stays as it is.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofTwoJobsForOneFileTheLaterIsRefusedAtItsStart(boolean overwrite) throws IOException {
        Path video = folder.resolve("new/cat.gif");
        GenerationRequest request =
                request().withOutputs(new GenerationOutputs(video, Optional.empty(), Optional.empty(), 0, overwrite));
        try (PlannedGeneration first = new GenerationJob(request).plan(JobControl.none())) {
            GenerationRequest same = request.withOutputs(new GenerationOutputs(
                    folder.resolve("new/../new/cat.gif"), Optional.empty(), Optional.empty(), 0, overwrite));
            assertThatExceptionOfType(OutputException.class)
                    .isThrownBy(() -> new GenerationJob(same).plan(JobControl.none()))
                    .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
            first.run(JobControl.none());
        }
        assertThat(folder.resolve("new").toFile().list()).containsExactlyInAnyOrder("cat.gif", "cat.gif.json");
        byte[] made = Files.readAllBytes(video);
        run(
                request.withOutputs(new GenerationOutputs(video, Optional.empty(), Optional.empty(), 0, true)),
                JobControl.none());
        assertThat(video).hasBinaryContent(made);
    }

    @Test
    void aJobThatNeverRanLeavesNothing() throws IOException {
        GenerationRequest request = request().withOutputs(GenerationOutputs.of(folder.resolve("a/b/cat.gif")));
        new GenerationJob(request).plan(JobControl.none()).close();
        assertThat(folder).isEmptyDirectory();
    }

    /// What was put there by hand, while the job ran, stays as it is.
    @Test
    void aFileThatAppearedMeanwhileIsNotReplaced() throws IOException {
        Path video = folder.resolve("cat.gif");
        try (PlannedGeneration late = new GenerationJob(request()).plan(JobControl.none())) {
            Files.writeString(video, "mine");
            assertThatExceptionOfType(OutputException.class)
                    .isThrownBy(() -> late.run(JobControl.none()))
                    .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
        }
        assertThat(video).hasContent("mine");
        assertThat(folder.toFile().list()).containsExactly("cat.gif");
    }

    /// The lock is what claims a name, not its file.
    @Test
    void aFileOfADeadProcessClaimsNothing() throws IOException {
        Files.createFile(folder.resolve(".cat.gif.cogvideo4j-lock"));
        run(request(), JobControl.none());
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("cat.gif", "cat.gif.json");
    }

    /// Another process holds the lock: bash's `flock` would take another kind of lock, so it is a Java of its own.
    @Test
    void aFileOfALivingProcessClaimsItsName() throws Exception {
        Path lock = folder.resolve(".cat.gif.cogvideo4j-lock");
        Path source = folder.resolve("Holder.java");
        Files.writeString(source, """
                void main(String[] names) throws Exception {
                    var channel = java.nio.channels.FileChannel.open(java.nio.file.Path.of(names[0]),
                            java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE);
                    try (var lock = channel.lock()) {
                        System.out.println(lock.isValid());
                        System.in.read();
                    }
                }
                """);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process holder = new ProcessBuilder(java, source.toString(), lock.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = holder.inputReader()) {
            assertThat(out.readLine()).isEqualTo("true");
            assertThatExceptionOfType(OutputException.class)
                    .isThrownBy(() -> new GenerationJob(request()).plan(JobControl.none()));
            holder.outputWriter().close();
            assertThat(holder.waitFor()).isZero();
        } finally {
            holder.destroyForcibly();
        }
        run(request(), JobControl.none());
        assertThat(lock).doesNotExist();
    }

    @Test
    void theJobsJsonGivesItBack() {
        GenerationJob job = new GenerationJob(request());
        assertThat(job.toJson().path("job").stringValue()).isEqualTo(job.job());
        ObjectNode json = GenerationJob.read(job.toJson()).toJson();
        assertThat(json).isEqualTo(job.toJson());
        json.put("job", "convert");
        assertThatExceptionOfType(MalformedFileException.class).isThrownBy(() -> GenerationJob.read(json));
    }

    @Test
    void anInputThatDoesNotGoWithTheKindIsRefused() {
        PromptInput without = new PromptInput("a cat");
        PromptInput with = new PromptInput("a cat", Optional.of(folder.resolve("cat.png")));
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> new GenerationJob(request().withPrompts(GenerationKind.V2V, List.of(without)))
                        .plan(JobControl.none()));
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> new GenerationJob(request().withPrompts(GenerationKind.T2V, List.of(with)))
                        .plan(JobControl.none()));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void twoResultsInOnePlaceAreRefused() {
        Path video = folder.resolve("cat.safetensors");
        for (Path same : List.of(folder.resolve("a/../cat.safetensors"), folder.resolve("cat.safetensors.json"))) {
            GenerationOutputs outputs = new GenerationOutputs(video, Optional.empty(), Optional.of(same), 0, false);
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> new GenerationJob(request().withOutputs(outputs)).plan(JobControl.none()));
        }
    }
}
