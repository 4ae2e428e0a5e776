package io.github.cogvideo4j.server;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.server.internal.engine.Engine;
import io.github.cogvideo4j.server.internal.http.HttpFront;
import io.github.cogvideo4j.server.internal.http.Metrics;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.page.ModelRoutes;
import io.github.cogvideo4j.server.internal.page.PageFiles;
import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.server.internal.security.Origins;
import io.github.cogvideo4j.server.internal.security.Seal;
import io.javalin.util.JavalinException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// A server of generated videos that listens: OpenAI's videos API and a page, with a queue and workers behind them.
public final class CogVideoServer implements AutoCloseable {
    private final ServerSettings settings;
    private final Engine engine;
    private final ModelRoutes models;
    private final HttpFront front;
    private final URI address;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private CogVideoServer(ServerSettings settings, Engine engine, ModelRoutes models, HttpFront front, int port) {
        this.settings = settings;
        this.engine = engine;
        this.models = models;
        this.front = front;
        String host = settings.network().host();
        this.address = URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port + "/");
    }

    /// Opens the store, begins to listen and to work.
    ///
    /// @throws InvalidRequestException `request` when a setting cannot be used: keys that cannot be read, a port
    /// that is taken
    /// @throws io.github.cogvideo4j.inference.InferenceException when a model cannot make videos
    public static CogVideoServer start(ServerSettings settings) throws IOException {
        ApiKeys keys = keys(settings.access());
        Metrics metrics = new Metrics();
        Engine engine = Engine.open(engineSettings(settings), metrics);
        ModelRoutes models = new ModelRoutes(engine::models);
        try {
            PageFiles page = new PageFiles();
            HttpFront front = new HttpFront(
                    options(settings, keys),
                    engine,
                    Seal.of(settings.storage().data(), keys),
                    metrics,
                    new HashSet<>(page.paths()),
                    List.of(page::register, models::register));
            int port = listen(front, settings.network());
            engine.start();
            return new CogVideoServer(settings, engine, models, front, port);
        } catch (RuntimeException | IOException e) {
            models.close();
            engine.close();
            throw e;
        }
    }

    private static ApiKeys keys(ServerSettings.Access access) throws IOException {
        if (access.keys().isPresent()) {
            return ApiKeys.read(access.keys().get());
        }
        return access.keyList().isPresent() ? ApiKeys.parse(access.keyList().get(), Path.of("keys")) : ApiKeys.none();
    }

    private static int listen(HttpFront front, ServerSettings.Network network) {
        try {
            return front.start();
        } catch (JavalinException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new InvalidRequestException(
                    e,
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "server.port",
                    network.host(),
                    network.port(),
                    String.valueOf(cause.getMessage()));
        }
    }

    private static HttpFront.Options options(ServerSettings settings, ApiKeys keys) throws IOException {
        ServerSettings.Network network = settings.network();
        boolean loopback = InetAddress.getByName(network.host()).isLoopbackAddress();
        return new HttpFront.Options(
                network.host(),
                network.port(),
                keys,
                new Origins(settings.access().origins(), loopback && !keys.required()),
                settings.access().jobsPerMinute(),
                settings.access().uploadsPerMinute(),
                network.syncTime(),
                network.idle(),
                network.leastRate(),
                network.connections());
    }

    private static EngineSettings engineSettings(ServerSettings settings) {
        ServerSettings.Queue queue = settings.queue();
        ServerSettings.JobStorage storage = settings.storage();
        return new EngineSettings(
                storage.data(),
                storage.storeUrl(),
                settings.models().stream()
                        .map(model -> new EngineSettings.ServedModel(model.name(), model.folder(), model.transformer()))
                        .toList(),
                settings.loras(),
                settings.options(),
                queue.mostJobs(),
                queue.mostWork(),
                queue.attempts(),
                queue.lease(),
                storage.retention(),
                storage.quotaBytes(),
                storage.floorBytes(),
                storage.modelBytes(),
                queue.mostTogether(),
                queue.grace());
    }

    /// Where it listens.
    public URI address() {
        return address;
    }

    /// Waits until it was closed.
    public void await() throws InterruptedException {
        stopped.await();
    }

    /// Takes no more jobs, ends event streams, gives a running job the time that the settings say, and stops. What is
    /// not done by then is another server's, or this one's when it starts again.
    @Override
    public synchronized void close() throws IOException {
        if (stopped.getCount() == 0) {
            return;
        }
        try {
            engine.drain(settings.queue().grace());
            front.close();
            models.close();
            engine.close();
        } finally {
            stopped.countDown();
        }
    }
}
