package io.github.cogvideo4j.server.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Several jobs in one pass of the model.
class EnginePassTest extends TinyEngines {
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
        try (Engine engine = Engine.open(settings(MODEL, 4), passes)) {
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
                assertIsAsAlone(engine, job);
            }
        }
    }

    private void assertIsAsAlone(Engine engine, Job job) throws IOException {
        Path alone = folder.resolve(job.id() + ".mp4");
        VideoRequest request =
                request(job.request().prompt(), 3, 0).withSeed(job.request().seed());
        try (PlannedGeneration plan = new GenerationJob(
                        request.generation(MODEL, settings(MODEL).options(), Path::of, folder, alone))
                .plan(JobControl.none())) {
            plan.run(JobControl.none());
        }
        assertThat(difference(alone, engine.file(ANN, job.id(), FileKind.VIDEO).path()))
                .isLessThan(1);
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
        try (Engine engine = Engine.open(settings(MODEL, 3), passes)) {
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
        try (Engine engine = Engine.open(settings(MODEL, 3), passes)) {
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

    /// The embedding of one word computes no numbers, so what is spoiled is the one job whose prompt has it.
    @Test
    void aJobThatComputesNoNumbersFailsByNameAndTheOthersOfItsPassAreMade() throws Exception {
        Path model = copiedModel();
        spoilWord(model.resolve("text_encoder/model.safetensors"));
        Passes passes = new Passes();
        try (Engine engine = Engine.open(settings(model, 3), passes)) {
            Job cat = submit(engine, request("a cat", 3, 0));
            Job panda = submit(engine, request("a panda", 3, 0));
            Job cow = submit(engine, request("a cow", 3, 0));
            engine.start();
            until(engine, cow.id(), JobState.COMPLETED);
            assertThat(passes.sizes).containsExactly(3);
            assertThat(engine.find(ANN, panda.id()).error().orElseThrow().code())
                    .isEqualTo("nan_inf");
            assertRefused(Reason.FAILED, () -> engine.file(ANN, panda.id(), FileKind.VIDEO));
            for (Job job : List.of(cat, cow)) {
                assertThat(engine.find(ANN, job.id()).state()).isEqualTo(JobState.COMPLETED);
                assertIsAsAlone(engine, job);
            }
        }
    }

    /// The row of `▁panda`, piece 131 of the tokenizer.
    private static void spoilWord(Path weights) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
        int begin = Long.BYTES + Math.toIntExact(file.getLong(0));
        JsonNode shared = new ObjectMapper()
                .readTree(new String(file.array(), Long.BYTES, begin - Long.BYTES, StandardCharsets.UTF_8))
                .path("shared.weight");
        int row = shared.path("shape").get(1).asInt() * Float.BYTES;
        spoil(weights, begin + shared.path("data_offsets").get(0).asLong() + 131L * row, row);
    }
}
