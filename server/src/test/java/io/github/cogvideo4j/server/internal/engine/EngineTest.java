package io.github.cogvideo4j.server.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.EngineSettings.ServedModel;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Jobs from submission to files, with a real model of the goldens' size.
class EngineTest extends TinyEngines {
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
            assertThat(names(first)).containsExactlyInAnyOrder("video.mp4", "video.mp4.json", "figures.json");
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
            assertThat(names(first))
                    .containsExactlyInAnyOrder(
                            "video.mp4",
                            "video.mp4.json",
                            "video.gif",
                            "thumbnail.webp",
                            "spritesheet.webp",
                            "figures.json");
            assertThat(engine.status().fileBytes()).isEqualTo(bytes(first));
            assertThat(engine.estimate(request("a dog", 3, 0)).seconds()).isPresent();
            assertThat(engine.models().getFirst().loaded()).isTrue();
            assertRefused(Reason.NOT_FOUND, () -> engine.find("ben", first.id()));
            assertRefused(Reason.NOT_FOUND, () -> engine.file("ben", first.id(), FileKind.VIDEO));
        }
    }

    private List<String> names(Job job) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("data/videos").resolve(job.id() + "-1"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private long bytes(Job job) throws IOException {
        long bytes = 0;
        for (String name : names(job)) {
            bytes += Files.size(
                    folder.resolve("data/videos").resolve(job.id() + "-1").resolve(name));
        }
        return bytes;
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
        Path broken = copiedModel();
        Path weights;
        try (Stream<Path> files = Files.list(broken.resolve("transformer"))) {
            weights = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .findFirst()
                    .orElseThrow();
        }
        // The end of the file is a weight.
        spoil(weights, Files.size(weights) - 64, 64);
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

    /// What comes after a job is published fails: here, the note of what it took, whose table is gone.
    @Test
    void whatIsPublishedStaysWhateverFailsAfterwards() throws Exception {
        String url = "jdbc:sqlite:" + folder.resolve("data/jobs.db");
        AtomicInteger defects = new AtomicInteger();
        JobMetrics dropping = new JobMetrics() {
            @Override
            public void step(Duration took) {
                try (Connection connection = DriverManager.getConnection(url);
                        Statement statement = connection.createStatement()) {
                    statement.execute("drop table if exists timing");
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            }

            @Override
            public void defect(Throwable thrown) {
                defects.incrementAndGet();
            }
        };
        try (Engine engine = Engine.open(settings(MODEL), dropping)) {
            engine.start();
            Job job = submit(engine, request("a cat", 2, 0));
            until(engine, job.id(), JobState.COMPLETED);
            engine.drain(Duration.ofMinutes(1));
            assertThat(engine.find(ANN, job.id()).state()).isEqualTo(JobState.COMPLETED);
            assertThat(engine.file(ANN, job.id(), FileKind.VIDEO).size()).isPositive();
            assertThat(defects).hasPositiveValue();
        }
    }

    @Test
    void aServerIsNotReadyWhileItsModelCannotBeRead() throws Exception {
        Path model = copiedModel();
        try (Engine engine = Engine.open(settings(model), JobMetrics.NONE)) {
            assertThat(engine.status().ready()).isTrue();
            Path away = Files.move(model, folder.resolve("away"));
            assertThat(engine.status().modelReady()).isFalse();
            assertThat(engine.status().ready()).isFalse();
            Files.move(away, model);
            assertThat(engine.status().ready()).isTrue();
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
