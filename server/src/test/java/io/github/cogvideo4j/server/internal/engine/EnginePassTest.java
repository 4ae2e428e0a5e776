package io.github.cogvideo4j.server.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Several jobs in one pass of the model.
class EnginePassTest extends TinyEngines {
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
}
