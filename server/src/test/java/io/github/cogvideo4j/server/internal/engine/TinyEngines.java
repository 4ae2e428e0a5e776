package io.github.cogvideo4j.server.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.EngineSettings.ServedModel;
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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.io.TempDir;

/// Engines with a real model of the goldens' size, and requests to them.
abstract class TinyEngines {
    static final Path MODEL = Resources.golden("pipelines/t2v-2b");

    static final String ANN = "ann";

    static final int LONG = 400;

    @TempDir
    Path folder;

    EngineSettings settings(Path model) {
        return settings(model, 1);
    }

    /// @param maxBatch how many jobs a pass makes at most
    EngineSettings settings(Path model, int maxBatch) {
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
                maxBatch,
                usual.grace());
    }

    Engine open() throws IOException {
        return Engine.open(settings(MODEL), JobMetrics.NONE);
    }

    /// A copy of the model that a test may spoil.
    Path copiedModel() throws IOException {
        Path copy = folder.resolve("spoiled");
        try (Stream<Path> files = Files.walk(MODEL)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(MODEL.relativize(file).toString()));
            }
        }
        return copy;
    }

    /// Makes bytes of a file of weights all ones, which are a NaN in every type.
    static void spoil(Path weights, long position, int bytes) throws IOException {
        byte[] ones = new byte[bytes];
        Arrays.fill(ones, (byte) -1);
        try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(ones), position);
        }
    }

    static VideoRequest request(String prompt, int steps, int previewEvery) {
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

    static Job submit(Engine engine, VideoRequest request) throws IOException {
        return engine.submit(new Jobs.Submission(ANN, request, Job.Operation.CREATE, Optional.empty(), 0))
                .job();
    }

    /// The states of a job that a stream tells, until one that is wanted.
    static List<Job> until(Engine engine, String id, JobState wanted) throws InterruptedException {
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

    static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        JobRefusedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason));
    }
}
