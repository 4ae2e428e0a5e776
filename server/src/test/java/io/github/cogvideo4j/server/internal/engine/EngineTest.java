package io.github.cogvideo4j.server.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.EngineSettings.ServedModel;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Jobs from submission to files, with a real model of the goldens' size.
class EngineTest {
    private static final Path MODEL = Resources.golden("pipelines/t2v-2b");
    private static final String ANN = "ann";
    private static final int LONG = 400;

    @TempDir
    private Path folder;

    private EngineSettings settings(Path model) {
        EngineSettings usual =
                EngineSettings.of(folder.resolve("data"), List.of(new ServedModel("tiny", model, Optional.empty())));
        return new EngineSettings(
                usual.data(),
                usual.storeUrl(),
                usual.models(),
                usual.loras(),
                PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)),
                usual.maxQueue(),
                usual.maxWork(),
                usual.attempts(),
                usual.lease(),
                usual.retention(),
                usual.quotaBytes(),
                0,
                usual.modelBytes(),
                usual.maxBatch(),
                usual.grace());
    }

    private EngineSettings together(int maxBatch) {
        EngineSettings usual = settings(MODEL);
        return new EngineSettings(
                usual.data(),
                usual.storeUrl(),
                usual.models(),
                usual.loras(),
                usual.options(),
                usual.maxQueue(),
                usual.maxWork(),
                usual.attempts(),
                usual.lease(),
                usual.retention(),
                usual.quotaBytes(),
                0,
                usual.modelBytes(),
                maxBatch,
                usual.grace());
    }

    /// Notes the sizes of passes, and can make a step run out of memory.
    private static final class Passes implements JobMetrics {
        private final List<Integer> sizes = new CopyOnWriteArrayList<>();
        private final AtomicInteger failures = new AtomicInteger();

        @Override
        public void pass(int jobs) {
            sizes.add(jobs);
        }

        @Override
        public void step(Duration took) {
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new IllegalStateException("DefaultCPUAllocator: can't allocate memory");
            }
        }
    }

    @Test
    void jobsOfOneShapeAreMadeInOnePassEachWithItsOwnFilesAndRecord() throws Exception {
        Passes passes = new Passes();
        try (Engine engine = Engine.open(together(4), passes)) {
            Job cat = submit(engine, request("a cat", 3, 1));
            Job dog = submit(engine, request("a dog", 3, 0).withSeed(8));
            Job other = submit(engine, request("a cow", 2, 0));
            engine.start();
            until(engine, other.id(), JobState.COMPLETED);
            assertThat(passes.sizes).containsExactly(2, 1);
            for (Job job : List.of(cat, dog)) {
                assertThat(engine.find(ANN, job.id()).state()).isEqualTo(JobState.COMPLETED);
                String record = Files.readString(
                        engine.file(ANN, job.id(), FileKind.RECORD).path());
                assertThat(record).contains('"' + job.request().prompt() + '"');
                assertThat(record).contains("\"seed\": " + job.request().seed());
                Path alone = folder.resolve(job.id() + ".mp4");
                try (PlannedGeneration plan = new GenerationJob(
                                request(job.request().prompt(), 3, 0)
                                        .withSeed(job.request().seed())
                                        .generation(MODEL, settings(MODEL).options(), Path::of, folder, alone))
                        .plan(JobControl.none())) {
                    plan.run(JobControl.none());
                }
                assertThat(difference(
                                alone,
                                engine.file(ANN, job.id(), FileKind.VIDEO).path()))
                        .isLessThan(1);
            }
        }
    }

    /// The root mean square of the differences of pixels, as the goldens bound it for half precision.
    private static double difference(Path one, Path other) throws IOException {
        try (Video first = Video.read(one);
                Video second = Video.read(other)) {
            byte[] expected = first.pixels().toArray(ValueLayout.JAVA_BYTE);
            byte[] actual = second.pixels().toArray(ValueLayout.JAVA_BYTE);
            assertThat(actual).hasSameSizeAs(expected);
            double sum = 0;
            for (int i = 0; i < actual.length; i++) {
                double apart = Byte.toUnsignedInt(actual[i]) - Byte.toUnsignedInt(expected[i]);
                sum += apart * apart;
            }
            return Math.sqrt(sum / actual.length);
        }
    }

    @Test
    void aJobThatIsDeletedLeavesItsPassAndTheOthersGoOn() throws Exception {
        Passes passes = new Passes();
        try (Engine engine = Engine.open(together(3), passes)) {
            List<Job> jobs = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                jobs.add(submit(engine, request("a cat " + i, 40, 0)));
            }
            engine.start();
            until(engine, jobs.get(1).id(), JobState.IN_PROGRESS);
            engine.delete(ANN, jobs.get(1).id());
            engine.cancel(ANN, jobs.get(0).id());
            until(engine, jobs.get(2).id(), JobState.COMPLETED);
            assertThat(passes.sizes).containsExactly(3);
            assertThat(engine.find(ANN, jobs.get(0).id()).error().orElseThrow().code())
                    .isEqualTo("cancelled");
            assertRefused(Reason.NOT_FOUND, () -> engine.find(ANN, jobs.get(1).id()));
        }
    }

    @Test
    void aPassThatTheMemoryDoesNotSufficeForIsMadeJobByJob() throws Exception {
        Passes passes = new Passes();
        passes.failures.set(1);
        try (Engine engine = Engine.open(together(3), passes)) {
            List<Job> jobs = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                jobs.add(submit(engine, request("a cat " + i, 2, 0)));
            }
            engine.start();
            for (Job job : jobs) {
                until(engine, job.id(), JobState.COMPLETED);
                assertThat(engine.find(ANN, job.id()).attempt()).isOne();
            }
            assertThat(passes.sizes).containsExactly(3, 1, 1, 1);
        }
    }

    private Engine open() throws IOException {
        return Engine.open(settings(MODEL), JobMetrics.NONE);
    }

    private static VideoRequest request(String prompt, int steps, int previewEvery) {
        return new VideoRequest(
                "tiny",
                GenerationKind.T2V,
                prompt,
                Optional.empty(),
                GenerationSettings.defaults()
                        .withHeight(48)
                        .withWidth(80)
                        .withNumFrames(9)
                        .withSteps(steps),
                Optional.empty(),
                List.of(),
                7,
                Map.of(),
                previewEvery,
                OptionalInt.empty(),
                Optional.empty());
    }

    private static Job submit(Engine engine, VideoRequest request) throws IOException {
        return engine.submit(new Jobs.Submission(ANN, request, Job.Operation.CREATE, Optional.empty(), 0))
                .job();
    }

    /// The states of a job that a stream tells, until one that is wanted.
    private static List<Job> until(Engine engine, String id, JobState wanted) throws InterruptedException {
        List<Job> states = new ArrayList<>();
        try (JobEvents events = engine.events(ANN, Optional.of(id), OptionalLong.empty())) {
            while (true) {
                Optional<JobEvents.JobChange> change = events.next(Duration.ofMinutes(2));
                assertThat(change).as("a change of " + id).isPresent();
                if (change.get() instanceof JobEvents.Changed(long _, Job job)) {
                    states.add(job);
                    if (job.state() == wanted) {
                        return states;
                    }
                    assertThat(job.state().isOver()).as(job.toString()).isFalse();
                }
            }
        }
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        JobRefusedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    @Test
    void aJobBecomesTheVideoThatItsRequestMakesAlone() throws Exception {
        try (Engine engine = open()) {
            Job first = submit(engine, request("a cat", 3, 1));
            assertThat(first.position()).hasValue(1);
            assertThat(first.made()).isEqualTo(new Job.Made(80, 48, 9, 8, 3, "CogVideoXDDIMScheduler"));
            assertRefused(Reason.NOT_READY, () -> engine.file(ANN, first.id(), FileKind.VIDEO));
            engine.start();
            List<Job> states = until(engine, first.id(), JobState.COMPLETED);
            assertThat(states.stream().map(job -> job.progress().percent()).toList())
                    .isSorted()
                    .last()
                    .isEqualTo(100);

            Path alone = folder.resolve("alone.mp4");
            try (PlannedGeneration plan = new GenerationJob(request("a cat", 3, 0)
                            .generation(MODEL, settings(MODEL).options(), Path::of, folder, alone))
                    .plan(JobControl.none())) {
                plan.run(JobControl.none());
            }
            assertThat(engine.file(ANN, first.id(), FileKind.VIDEO).path()).hasSameBinaryContentAs(alone);
            try (Image thumbnail =
                    Image.read(engine.file(ANN, first.id(), FileKind.THUMBNAIL).path())) {
                assertThat(List.of(thumbnail.width(), thumbnail.height())).containsExactly(80, 48);
            }
            Job done = engine.find(ANN, first.id());
            assertThat(done.sprites()).contains(new Job.Sprites(9, 1, 9));
            try (Image sheet = Image.read(
                    engine.file(ANN, first.id(), FileKind.SPRITESHEET).path())) {
                assertThat(List.of(sheet.width(), sheet.height())).containsExactly(9 * 80, 48);
            }
            assertThat(Files.readString(
                            engine.file(ANN, first.id(), FileKind.RECORD).path()))
                    .contains("\"a cat\"");
            assertThat(engine.file(ANN, first.id(), FileKind.GIF).size()).isPositive();
            assertThat(engine.file(ANN, first.id(), FileKind.VIDEO).sha256()).matches("[0-9a-f]{64}");
            try (Stream<Path> all = Files.list(folder.resolve("data/videos").resolve(first.id() + "-1"))) {
                assertThat(all.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder(
                                "video.mp4",
                                "video.mp4.json",
                                "video.gif",
                                "thumbnail.webp",
                                "spritesheet.webp",
                                "figures.json");
            }
            assertThat(engine.estimate(request("a dog", 3, 0)).seconds()).isPresent();
            assertThat(engine.models().getFirst().loaded()).isTrue();
            assertRefused(Reason.NOT_FOUND, () -> engine.find("ben", first.id()));
            assertRefused(Reason.NOT_FOUND, () -> engine.file("ben", first.id(), FileKind.VIDEO));
        }
    }

    /// A seed that was not asked for is another one each time; the wish is the same.
    @Test
    void aRepeatedWishIsTheSameJobWhateverSeedWasDrawn() throws Exception {
        try (Engine engine = open()) {
            Optional<String> key = Optional.of("key");
            VideoRequest wish = request("a cat", 2, 0);
            Jobs.Submitted first =
                    engine.submit(new Jobs.Submission(ANN, wish.withSeed(1), Job.Operation.CREATE, key, 0));
            Jobs.Submitted again =
                    engine.submit(new Jobs.Submission(ANN, wish.withSeed(2), Job.Operation.CREATE, key, 0));
            assertThat(again.replayed()).isTrue();
            assertThat(again.job().id()).isEqualTo(first.job().id());
            assertRefused(
                    Reason.KEY_REUSED,
                    () -> engine.submit(
                            new Jobs.Submission(ANN, request("a dog", 2, 0), Job.Operation.CREATE, key, 0)));
        }
    }

    @Test
    void aRunningJobIsCancelledAndTheNextOneIsMade() throws Exception {
        try (Engine engine = open()) {
            engine.start();
            Job running = submit(engine, request("a cat", LONG, 0));
            Job next = submit(engine, request("a dog", 2, 0));
            until(engine, running.id(), JobState.IN_PROGRESS);
            engine.cancel(ANN, running.id());
            until(engine, next.id(), JobState.COMPLETED);
            Job cancelled = engine.find(ANN, running.id());
            assertThat(cancelled.state()).isEqualTo(JobState.FAILED);
            assertThat(cancelled.error().orElseThrow().code()).isEqualTo("cancelled");
            assertRefused(Reason.CANNOT_CANCEL, () -> engine.cancel(ANN, running.id()));
            assertRefused(Reason.FAILED, () -> engine.file(ANN, running.id(), FileKind.VIDEO));
        }
    }

    @Test
    void aDeletedJobLeavesNothing() throws Exception {
        try (Engine engine = open()) {
            engine.start();
            Job running = submit(engine, request("a cat", LONG, 0));
            until(engine, running.id(), JobState.IN_PROGRESS);
            engine.delete(ANN, running.id());
            Job next = submit(engine, request("a dog", 2, 0));
            until(engine, next.id(), JobState.COMPLETED);
            engine.delete(ANN, next.id());
            assertRefused(Reason.NOT_FOUND, () -> engine.find(ANN, running.id()));
            assertRefused(Reason.NOT_FOUND, () -> engine.file(ANN, next.id(), FileKind.VIDEO));
            assertThat(engine.list(ANN, new Jobs.ListQuery(9, true, Optional.empty(), Optional.empty()))
                            .jobs())
                    .isEmpty();
            try (Stream<Path> left = Files.list(folder.resolve("data/videos"))) {
                assertThat(left).isEmpty();
            }
        }
    }

    @Test
    void aServerThatStopsGivesItsJobBackAndTheNextOneFinishesIt() throws Exception {
        String id;
        try (Engine engine = open()) {
            engine.start();
            id = submit(engine, request("a cat", LONG, 0)).id();
            until(engine, id, JobState.IN_PROGRESS);
            engine.drain(Duration.ZERO);
            assertThat(engine.find(ANN, id).state()).isEqualTo(JobState.QUEUED);
            assertThat(engine.find(ANN, id).attempt()).isZero();
            assertRefused(Reason.DRAINING, () -> submit(engine, request("a dog", 2, 0)));
        }
        try (Engine engine = open()) {
            assertThat(engine.find(ANN, id).position()).hasValue(1);
        }
    }

    @Test
    void filesWithoutRowsAreSweptAndRowsWithoutFilesFail() throws Exception {
        String id;
        try (Engine engine = open()) {
            engine.start();
            id = submit(engine, request("a cat", 2, 0)).id();
            until(engine, id, JobState.COMPLETED);
        }
        Path videos = folder.resolve("data/videos");
        Path stray = Files.createDirectory(videos.resolve("video_0-1"));
        Files.writeString(stray.resolve("video.mp4"), "stray");
        Path unfinished = Files.createDirectory(videos.resolve("." + id + "-2"));
        try (Engine engine = open()) {
            assertThat(stray).doesNotExist();
            assertThat(unfinished).doesNotExist();
            assertThat(engine.find(ANN, id).state()).isEqualTo(JobState.COMPLETED);
        }
        Files.delete(videos.resolve(id + "-1").resolve("video.mp4"));
        try (Engine engine = open()) {
            assertThat(engine.find(ANN, id).error().orElseThrow().code()).isEqualTo("files_missing");
        }
        try (Engine engine = open()) {
            try (Stream<Path> left = Files.list(videos)) {
                assertThat(left).isEmpty();
            }
        }
    }

    @Test
    void aModelThatComputesNoNumbersFailsByNameAndTheWorkerGoesOn() throws Exception {
        Path broken = folder.resolve("broken");
        try (Stream<Path> files = Files.walk(MODEL)) {
            for (Path file : files.toList()) {
                Files.copy(file, broken.resolve(MODEL.relativize(file).toString()));
            }
        }
        // All ones are a NaN in every type. The end of the file is a weight.
        Path weights;
        try (Stream<Path> files = Files.list(broken.resolve("transformer"))) {
            weights = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(weights);
        java.util.Arrays.fill(bytes, bytes.length - 64, bytes.length, (byte) -1);
        Files.write(weights, bytes, StandardOpenOption.TRUNCATE_EXISTING);
        EngineSettings both = settings(MODEL);
        EngineSettings settings = new EngineSettings(
                both.data(),
                both.storeUrl(),
                List.of(both.models().getFirst(), new ServedModel("broken", broken, Optional.empty())),
                both.loras(),
                both.options(),
                both.maxQueue(),
                both.maxWork(),
                both.attempts(),
                both.lease(),
                both.retention(),
                both.quotaBytes(),
                0,
                both.modelBytes(),
                both.maxBatch(),
                both.grace());
        try (Engine engine = Engine.open(settings, JobMetrics.NONE)) {
            engine.start();
            VideoRequest asked = request("a cat", 2, 0);
            VideoRequest ofBroken = new VideoRequest(
                    "broken",
                    asked.kind(),
                    asked.prompt(),
                    asked.negativePrompt(),
                    asked.settings(),
                    asked.scheduler(),
                    asked.loras(),
                    asked.seed(),
                    asked.inputs(),
                    0,
                    asked.clips(),
                    asked.remixedFrom());
            Job job = submit(engine, ofBroken);
            Job next = submit(engine, request("a dog", 2, 0));
            until(engine, next.id(), JobState.COMPLETED);
            assertThat(engine.find(ANN, job.id()).error().orElseThrow().code()).isEqualTo("nan_inf");
        }
    }

    @Test
    void whatTheModelCannotComputeIsRefusedAtOnce() throws Exception {
        try (Engine engine = open()) {
            VideoRequest asked = request("a cat", 2, 0);
            VideoRequest odd = new VideoRequest(
                    "tiny",
                    asked.kind(),
                    asked.prompt(),
                    Optional.empty(),
                    asked.settings().withHeight(47),
                    Optional.empty(),
                    List.of(),
                    1,
                    Map.of(),
                    0,
                    OptionalInt.empty(),
                    Optional.empty());
            assertRefused(Reason.INVALID, () -> submit(engine, odd));
            assertThat(engine.queue().queued()).isZero();
        }
    }

    @Test
    void twoServersDoNotShareAFile() throws Exception {
        try (Engine _ = open()) {
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(this::open)
                    .withMessageContaining("Another server");
        }
        open().close();
    }

    @Test
    void aResumedStreamTellsTheNewestStates() throws Exception {
        try (Engine engine = open()) {
            Job first = submit(engine, request("a cat", 2, 0));
            Job second = submit(engine, request("a dog", 2, 0));
            long seen = first.change();
            engine.delete(ANN, first.id());
            try (JobEvents events = engine.events(ANN, Optional.empty(), OptionalLong.of(seen))) {
                List<JobEvents.JobChange> changes = new ArrayList<>();
                for (Optional<JobEvents.JobChange> change = events.next(Duration.ZERO);
                        change.isPresent();
                        change = events.next(Duration.ZERO)) {
                    changes.add(change.get());
                }
                assertThat(changes)
                        .filteredOn(JobEvents.Removed.class::isInstance)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                JobEvents.Removed.class,
                                removed -> assertThat(removed.jobId()).isEqualTo(first.id()));
                assertThat(changes)
                        .filteredOn(JobEvents.Changed.class::isInstance)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                JobEvents.Changed.class,
                                changed -> assertThat(changed.job().position()).hasValue(1));
                assertThat(engine.find(ANN, second.id()).position()).hasValue(1);
            }
        }
    }
}
