package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.request.ApiException;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.server.internal.security.Origins;
import io.github.cogvideo4j.server.internal.security.Rates;
import io.github.cogvideo4j.server.internal.security.Seal;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.MinimumDataRateHandler;
import org.eclipse.jetty.util.component.LifeCycle;

/// The server's listening side: Jetty with its limits, and all routes.
public final class HttpFront implements AutoCloseable {
    private static final long BEGIN_NOT_KNOWN = 0;
    private static final String BEGIN = "begin";
    private static final Duration STORE_PAUSE = Duration.ofSeconds(5);

    private final Javalin javalin;
    private final EventRoutes events;

    /// What the front needs to know.
    ///
    /// @param host        the address that it listens at
    /// @param port        the port; 0: a free one
    /// @param keys        who may ask
    /// @param origins     where browsers may ask from
    /// @param jobsMinute  jobs a minute for each key; 0: any number
    /// @param filesMinute uploads a minute for each key; 0: any number
    /// @param syncTime    how long an answer may take that waits for its video
    /// @param idle        after which silence a connection is closed
    /// @param leastRate   bytes a second that a body has to come with
    /// @param connections the most connections
    public record Options(
            String host,
            int port,
            ApiKeys keys,
            Origins origins,
            int jobsMinute,
            int filesMinute,
            Duration syncTime,
            Duration idle,
            long leastRate,
            int connections) {}

    /// @param more      routes of others, such as the page's
    /// @param openPaths their paths that need no key
    public HttpFront(
            Options options,
            Jobs jobs,
            Seal seal,
            Metrics metrics,
            Set<String> openPaths,
            List<Consumer<JavalinDefaultRoutingApi>> more) {
        this.events = new EventRoutes(jobs);
        AccessCheck access = new AccessCheck(
                options.keys(),
                seal,
                options.origins(),
                path -> ServiceRoutes.OPEN.contains(path) || openPaths.contains(path));
        this.javalin = Javalin.create(config -> {
            settings(config, options);
            JavalinDefaultRoutingApi routes = config.routes;
            routes.before(context -> {
                context.attribute(BEGIN, System.nanoTime());
                AccessCheck.headers(context);
                access.check(context);
            });
            routes.after(context -> answered(context, metrics));
            errors(routes, metrics);
            events.register(routes);
            new VideoRoutes(
                            jobs,
                            new Rates(options.jobsMinute()),
                            new Rates(options.filesMinute()),
                            options.syncTime(),
                            access)
                    .register(routes);
            new ContentRoutes(jobs).register(routes);
            new ServiceRoutes(jobs, access, metrics).register(routes);
            more.forEach(others -> others.accept(routes));
        });
    }

    private static void settings(JavalinConfig config, Options options) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.concurrency.useVirtualThreads = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.http.prefer405over404 = true;
        config.http.defaultContentType = "application/json";
        config.jetty.host = options.host();
        config.jetty.port = options.port();
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            // By default a header that differs in case only comes out as the one before it on the connection: keys do.
            http.setHeaderCacheCaseSensitive(true);
            http.setIdleTimeout(options.idle().toMillis());
        });
        config.jetty.modifyServer(server -> limit(server, options));
    }

    /// Slow clients, and many of them, cost no more than their connection, and that for a time only.
    private static void limit(Server server, Options options) {
        server.addBean(new NetworkConnectionLimit(options.connections(), server));
        server.addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStarting(LifeCycle event) {
                for (var connector : server.getConnectors()) {
                    if (connector instanceof ServerConnector plain) {
                        plain.setIdleTimeout(options.idle().toMillis());
                    }
                }
            }
        });
        if (options.leastRate() > 0) {
            server.insertHandler(new MinimumDataRateHandler(options.leastRate(), 0));
        }
    }

    private static void answered(Context context, Metrics metrics) {
        Long begin = context.attribute(BEGIN);
        long nanos = System.nanoTime() - (begin == null ? BEGIN_NOT_KNOWN : begin);
        if (begin != null) {
            metrics.answered(context.method().name(), context.statusCode(), Duration.ofNanos(nanos));
        }
    }

    private static void errors(JavalinDefaultRoutingApi routes, Metrics metrics) {
        routes.exception(ApiException.class, (refused, context) -> refuse(context, refused, metrics));
        routes.exception(JobRefusedException.class, (refused, context) -> Answers.error(context, Answers.of(refused)));
        routes.exception(HttpResponseException.class, (refused, context) -> {
            switch (refused.getStatus()) {
                case 404 -> refuse(context, ServiceRoutes.unknownPath(), metrics);
                case 405 ->
                    refuse(
                            context,
                            Answers.refusal(405, ErrorType.INVALID_REQUEST_ERROR, "method_not_allowed"),
                            metrics);
                case 413 ->
                    refuse(
                            context,
                            Answers.refusal(413, ErrorType.INVALID_REQUEST_ERROR, "request_too_large"),
                            metrics);
                default ->
                    refuse(context, Answers.refusal(400, ErrorType.INVALID_REQUEST_ERROR, "bad_request"), metrics);
            }
        });
        routes.exception(StoreException.class, (broken, context) -> {
            // It may be there again in a moment, so clients are told to come back.
            metrics.defect(broken);
            refuse(
                    context,
                    Answers.refusal(503, ErrorType.SERVER_ERROR, "store_unavailable")
                            .after(STORE_PAUSE),
                    metrics);
        });
        routes.exception(Exception.class, (e, context) -> unexpected(context, e, metrics));
    }

    private static void refuse(Context context, ApiException refused, Metrics metrics) {
        metrics.rejected(refused.code());
        Answers.error(context, refused);
    }

    /// The end of a request that nobody foresaw. What it was is told to whoever runs the server, not to the client.
    private static void unexpected(Context context, Exception e, Metrics metrics) {
        if (e instanceof CarriesProblem problem) {
            var refused = Answers.of(problem);
            if (refused.isPresent()) {
                refuse(context, refused.get(), metrics);
                return;
            }
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                refuse(context, Answers.refusal(408, ErrorType.INVALID_REQUEST_ERROR, "request_timeout"), metrics);
                return;
            }
            if (cause instanceof EofException) {
                // The client is gone; nobody reads an answer.
                context.status(400);
                return;
            }
        }
        if (e instanceof HttpException.RuntimeException http && http.getCode() < 500) {
            int status = http.getCode();
            refuse(context, Answers.refusal(status, ErrorType.INVALID_REQUEST_ERROR, "bad_request"), metrics);
            return;
        }
        System.getLogger(HttpFront.class.getName())
                .log(System.Logger.Level.ERROR, "unexpected end of " + context.method() + " " + context.path(), e);
        refuse(context, Answers.refusal(500, ErrorType.SERVER_ERROR, "internal_error"), metrics);
    }

    /// Begins to listen.
    ///
    /// @return the port
    public int start() {
        return javalin.start().port();
    }

    @Override
    public void close() {
        events.close();
        javalin.stop();
    }
}
