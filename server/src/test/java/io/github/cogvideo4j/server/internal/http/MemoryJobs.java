package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.EngineStatus;
import io.github.cogvideo4j.server.internal.job.Estimate;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.job.JobFile;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.job.QueueState;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Jobs in memory, which are done when a test says so: what stands behind the front where the front is tested.
final class MemoryJobs implements Jobs {

    /// Why nothing is found, when the store is to be broken.
    Optional<StoreException> broken = Optional.empty();

    private final Path folder;
    private final Path video;
    private final List<Job> jobs = new ArrayList<>();
    private final Map<String, Job> repeated = new HashMap<>();
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
    private long changes;
    private boolean paused;
    private boolean atOnce;
    int most = 1_000;
    boolean draining;

    MemoryJobs(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder.resolve("uploads"));
        this.video = folder.resolve("made.mp4");
        try (Video made = Video.allocate(9, 64, 96, 8)) {
            made.save(video, false);
        }
    }

    /// From now on every job is done as soon as it is accepted.
    void atOnce() {
        atOnce = true;
    }

    byte[] videoBytes() throws IOException {
        return Files.readAllBytes(video);
    }

    List<Job> all() {
        return List.copyOf(jobs);
    }

    @Override
    public Path uploads() {
        return folder;
    }

    @Override
    public synchronized String reuse(String owner, String id, Source source) throws IOException {
        Job job = find(owner, id);
        String name = UUID.randomUUID().toString().replace("-", "") + ".part";
        if (source == Source.RESULT) {
            requireVideo(job);
            Files.copy(video, folder.resolve(name));
            return name;
        }
        VideoRequest.Input input = VideoRequest.Input.valueOf(source.name());
        Files.copy(folder.resolve(job.request().inputs().get(input)), folder.resolve(name));
        return name;
    }

    @Override
    public synchronized Submitted submit(Submission submission) {
        if (draining) {
            throw refused(Reason.DRAINING);
        }
        if (jobs.stream().filter(job -> !job.state().isOver()).count() >= most) {
            throw new JobRefusedException(
                    Reason.QUEUE_FULL, Message.of("server.http.queue-full"), Optional.of(Duration.ofSeconds(7)));
        }
        String repeat = submission.owner() + " " + submission.idempotencyKey().orElse("");
        if (submission.idempotencyKey().isPresent() && repeated.containsKey(repeat)) {
            return new Submitted(repeated.get(repeat), true);
        }
        var settings = submission.request().settings();
        Job job = new Job(
                "video_" + UUID.randomUUID().toString().replace("-", ""),
                submission.owner(),
                JobState.QUEUED,
                submission.operation(),
                submission.request(),
                new Job.Made(
                        settings.width().orElse(96),
                        settings.height().orElse(64),
                        settings.numFrames().orElse(9),
                        settings.framesPerSecond().orElse(8),
                        settings.steps(),
                        "CogVideoXDDIMScheduler"),
                new Job.Times(Instant.now(), Optional.empty(), Optional.empty(), Optional.empty()),
                Job.JobProgress.NONE,
                0,
                submission.priority(),
                OptionalInt.of(1),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                ++changes);
        jobs.add(job);
        repeated.put(repeat, job);
        tell(new JobEvents.Changed(job.change(), job));
        if (atOnce) {
            finish(job.id());
        }
        return new Submitted(job, false);
    }

    synchronized void finish(String id) {
        set(id, JobState.COMPLETED, Optional.empty());
    }

    synchronized void fail(String id, String code, String message) {
        set(id, JobState.FAILED, Optional.of(new Job.JobError(code, message)));
    }

    synchronized void expire(String id) {
        set(id, JobState.EXPIRED, Optional.empty());
    }

    private Job set(String id, JobState state, Optional<Job.JobError> error) {
        for (int i = 0; i < jobs.size(); i++) {
            Job job = jobs.get(i);
            if (job.id().equals(id)) {
                int percent = state == JobState.COMPLETED ? 100 : job.progress().percent();
                Job changed = new Job(
                        id,
                        job.owner(),
                        state,
                        job.operation(),
                        job.request(),
                        job.made(),
                        new Job.Times(
                                job.times().created(),
                                Optional.of(Instant.now()),
                                Optional.of(Instant.now()),
                                Optional.of(Instant.now().plusSeconds(3600))),
                        new Job.JobProgress(percent, Optional.of("save"), 1, 1, OptionalInt.empty()),
                        1,
                        0,
                        OptionalInt.empty(),
                        OptionalLong.empty(),
                        error,
                        state == JobState.COMPLETED ? Optional.of(new Job.Sprites(3, 3, 9)) : Optional.empty(),
                        ++changes);
                jobs.set(i, changed);
                tell(new JobEvents.Changed(changed.change(), changed));
                return changed;
            }
        }
        throw refused(Reason.NOT_FOUND);
    }

    @Override
    public synchronized Job find(String owner, String id) {
        broken.ifPresent(e -> {
            throw e;
        });
        Job found = jobs.stream()
                .filter(job -> job.owner().equals(owner) && job.id().equals(id))
                .findFirst()
                .orElseThrow(() -> refused(Reason.NOT_FOUND));
        if (found.state() == JobState.EXPIRED) {
            throw refused(Reason.EXPIRED);
        }
        return found;
    }

    @Override
    public synchronized JobPage list(String owner, ListQuery query) {
        List<Job> own = new ArrayList<>(jobs.stream()
                .filter(job -> job.owner().equals(owner))
                .filter(job -> query.text().isEmpty()
                        || job.request().prompt().contains(query.text().get()))
                .toList());
        if (!query.ascending()) {
            own = own.reversed();
        }
        int from = query.after().isPresent()
                ? own.indexOf(find(owner, query.after().get())) + 1
                : 0;
        int to = Math.min(own.size(), from + query.limit());
        return new JobPage(own.subList(from, to), to < own.size());
    }

    @Override
    public synchronized Job cancel(String owner, String id) {
        if (find(owner, id).state().isOver()) {
            throw refused(Reason.CANNOT_CANCEL);
        }
        return set(id, JobState.FAILED, Optional.of(new Job.JobError("cancelled", "The video was cancelled.")));
    }

    @Override
    public synchronized void delete(String owner, String id) {
        jobs.remove(find(owner, id));
        tell(new JobEvents.Removed(++changes, id));
    }

    @Override
    public synchronized Job move(String owner, String id, int position) {
        Job job = find(owner, id);
        if (job.state() != JobState.QUEUED) {
            throw refused(Reason.NOT_QUEUED);
        }
        return job;
    }

    @Override
    public synchronized QueueState queue() {
        return new QueueState(paused, jobs.size(), 0, 0, 0);
    }

    @Override
    public synchronized QueueState pause(boolean value) {
        paused = value;
        return queue();
    }

    private void tell(JobEvents.JobChange change) {
        subscriptions.forEach(subscription -> subscription.queue.add(change));
    }

    private final class Subscription implements JobEvents {
        private final BlockingQueue<JobChange> queue = new LinkedBlockingQueue<>();

        @Override
        public Optional<JobChange> next(Duration patience) throws InterruptedException {
            return Optional.ofNullable(queue.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
        }

        @Override
        public void close() {
            subscriptions.remove(this);
        }
    }

    @Override
    public synchronized JobEvents events(String owner, Optional<String> id, OptionalLong lastEventId) {
        id.ifPresent(one -> find(owner, one));
        Subscription subscription = new Subscription();
        for (Job job : jobs) {
            boolean mine = job.owner().equals(owner)
                    && id.filter(one -> !one.equals(job.id())).isEmpty();
            if (mine
                    && (lastEventId.isPresent()
                            ? job.change() > lastEventId.getAsLong()
                            : !job.state().isOver())) {
                subscription.queue.add(new JobEvents.Changed(job.change(), job));
            }
        }
        subscriptions.add(subscription);
        return subscription;
    }

    /// How many streams of events look at these jobs.
    int openSubscriptions() {
        return subscriptions.size();
    }

    private static void requireVideo(Job job) {
        switch (job.state()) {
            case QUEUED, IN_PROGRESS -> throw refused(Reason.NOT_READY);
            case FAILED -> throw refused(Reason.FAILED);
            case EXPIRED -> throw refused(Reason.EXPIRED);
            case COMPLETED -> {
                // there it is
            }
            case DELETED -> throw refused(Reason.NOT_FOUND);
        }
    }

    @Override
    public JobFile file(String owner, String id, FileKind kind) throws IOException {
        requireVideo(find(owner, id));
        Path file = switch (kind) {
            case RECORD -> Files.writeString(folder.resolveSibling("record.json"), "{\"format\": 2}");
            case FIGURES ->
                Files.writeString(
                        folder.resolveSibling("figures.json"),
                        "{\"seconds\":{\"denoise\":0.25},\"peak_memory_bytes\":1572864}");
            case VIDEO, THUMBNAIL, SPRITESHEET, GIF, PREVIEW -> video;
        };
        byte[] bytes = Files.readAllBytes(file);
        return new JobFile(file, kind, bytes.length, Resources.sha256(bytes), Instant.ofEpochSecond(1_700_000_000));
    }

    @Override
    public Estimate estimate(VideoRequest request) {
        return new Estimate(
                new Job.Made(96, 64, 9, 8, 50, "CogVideoXDDIMScheduler"),
                "cpu",
                1 << 20,
                OptionalLong.of(1L << 30),
                true,
                OptionalDouble.empty(),
                0,
                List.of());
    }

    @Override
    public List<ModelCard> models() {
        Job.Made usual = new Job.Made(96, 64, 9, 8, 50, "CogVideoXDDIMScheduler");
        return List.of(
                new ModelCard(
                        "tiny",
                        Path.of("/"),
                        Instant.EPOCH,
                        true,
                        List.of(GenerationKind.T2V, GenerationKind.V2V),
                        false,
                        usual,
                        8,
                        16,
                        false,
                        226),
                new ModelCard(
                        "tiny-i2v",
                        Path.of("/"),
                        Instant.EPOCH,
                        false,
                        List.of(GenerationKind.I2V),
                        false,
                        usual,
                        8,
                        16,
                        true,
                        226));
    }

    @Override
    public List<String> loras() {
        return List.of("style");
    }

    @Override
    public EngineStatus status() {
        return new EngineStatus(
                true,
                true,
                true,
                true,
                draining,
                queue(),
                new EngineStatus.Counts(jobs.size(), 0, 0, 0),
                1,
                2,
                3,
                List.of(),
                0);
    }

    private static JobRefusedException refused(Reason reason) {
        return new JobRefusedException(
                reason,
                Message.of(
                        "server.http." + ("video-" + reason.name().toLowerCase().replace('_', '-'))));
    }
}
