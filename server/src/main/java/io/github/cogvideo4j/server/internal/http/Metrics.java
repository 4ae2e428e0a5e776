package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.server.internal.job.EngineStatus;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/// What is measured, in the form that Prometheus reads. No prompt, id or key is a label.
public final class Metrics implements JobMetrics {
    private static final double NANOS = 1e9;
    private static final double[] LONG = {1, 5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600};
    private static final double[] SHORT = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

    private static final double[] POWERS = {1, 2, 4, 8, 16, 32};

    private final PrometheusRegistry registry = new PrometheusRegistry();

    /// Of one registry `cogvideo_jobs` and `cogvideo_jobs_total` cannot both be; of the text format they can.
    private final PrometheusRegistry counters = new PrometheusRegistry();

    private final Gauge jobs = gauge("cogvideo_jobs", "Jobs in each state.", "status");
    private final Gauge depth = gauge("cogvideo_queue_depth", "Jobs that wait.");
    private final Gauge oldest = gauge("cogvideo_queue_oldest_seconds", "How long the oldest job has been waiting.");
    private final Gauge work = gauge("cogvideo_queue_work_seconds", "How long all waiting jobs will take.");
    private final Gauge paused = gauge("cogvideo_queue_paused", "1 while no job is handed out.");
    private final Gauge store = gauge("cogvideo_store_bytes", "The size of the store and of all files.", "kind");
    private final Gauge free = gauge("cogvideo_disk_free_bytes", "What is free where the files are.");
    private final Gauge device =
            gauge("cogvideo_device_memory_bytes", "Memory that is taken: by the weights of open models.", "kind");
    private final Gauge ready = gauge("cogvideo_ready", "1 while jobs are taken and worked on.");
    private final Counter finished = Counter.builder()
            .name("cogvideo_jobs_total")
            .help("Jobs that are over.")
            .labelNames("result", "type")
            .register(counters);
    private final Counter rejected = Counter.builder()
            .name("cogvideo_rejected_total")
            .help("Requests that were refused.")
            .labelNames("reason")
            .register(registry);
    private final Histogram wait = histogram("cogvideo_job_wait_seconds", "From acceptance to the last start.", LONG);
    private final Histogram duration =
            histogram("cogvideo_job_duration_seconds", "How long jobs and their phases took.", LONG, "phase");
    private final Histogram step = histogram("cogvideo_step_seconds", "How long a denoising step took.", LONG);
    private final Histogram pass = histogram("cogvideo_pass_jobs", "How many jobs a pass of the model made.", POWERS);
    private final Histogram load = histogram("cogvideo_model_load_seconds", "How long a model took to load.", LONG);
    private final Histogram requests =
            histogram("cogvideo_http_server_requests_seconds", "How long answers took.", SHORT, "method", "status");

    /// Nothing is counted yet.
    public Metrics() {
        ProcessMetrics.register(registry);
    }

    private Gauge gauge(String name, String help, String... labels) {
        return Gauge.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private Histogram histogram(String name, String help, double[] bounds, String... labels) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .labelNames(labels)
                .classicOnly()
                .classicUpperBounds(bounds)
                .register(registry);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / NANOS;
    }

    @Override
    public void finished(Job.Operation operation, String result, Duration waited, Duration ran) {
        finished.labelValues(result, operation.name().toLowerCase(Locale.ROOT)).inc();
        wait.observe(seconds(waited));
        duration.labelValues("all").observe(seconds(ran));
    }

    @Override
    public void phase(String phase, Duration took) {
        duration.labelValues(phase).observe(seconds(took));
    }

    @Override
    public void step(Duration took) {
        step.observe(seconds(took));
    }

    @Override
    public void pass(int jobs) {
        pass.observe(jobs);
    }

    @Override
    public void loaded(Duration took) {
        load.observe(seconds(took));
    }

    @Override
    public void refused(JobRefusedException.Reason reason) {
        rejected(reason.name().toLowerCase(Locale.ROOT));
    }

    /// What belongs into a log and nowhere else.
    @Override
    public void defect(Throwable thrown) {
        System.getLogger(Metrics.class.getName()).log(System.Logger.Level.ERROR, "inside the server", thrown);
    }

    /// A request was refused before the jobs saw it.
    ///
    /// @param code one of the API's codes
    void rejected(String code) {
        rejected.labelValues(code).inc();
    }

    /// A request was answered.
    void answered(String method, int status, Duration took) {
        requests.labelValues(method, Integer.toString(status)).observe(seconds(took));
    }

    /// All of it as text.
    String text(EngineStatus status) {
        jobs.labelValues("queued").set((double) status.counts().queued());
        jobs.labelValues("in_progress").set((double) status.counts().inProgress());
        jobs.labelValues("completed").set((double) status.counts().completed());
        jobs.labelValues("failed").set((double) status.counts().failed());
        depth.set(status.queue().queued());
        oldest.set((double) status.queue().oldestSeconds());
        work.set((double) status.queue().workSeconds());
        paused.set(status.queue().paused() ? 1 : 0);
        store.labelValues("store").set((double) status.storeBytes());
        store.labelValues("files").set((double) status.fileBytes());
        free.set((double) status.freeBytes());
        device.labelValues("models").set((double) status.modelBytes());
        ready.set(status.ready() ? 1 : 0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out, registry.scrape());
            PrometheusTextFormatWriter.create().write(out, counters.scrape());
        } catch (IOException e) {
            throw new IllegalStateException("memory takes everything", e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
