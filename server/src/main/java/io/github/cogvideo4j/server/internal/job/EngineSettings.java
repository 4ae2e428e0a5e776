package io.github.cogvideo4j.server.internal.job;

import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The settings of the engine. Start from [#of] and change what differs.
///
/// @param data         the folder of store and files; several servers on one store share it
/// @param storeUrl     a JDBC URL of PostgreSQL; a file in the folder when empty
/// @param models       the models that are served, the first is the default
/// @param loras        a folder whose files and folders are the adapters that a request may name
/// @param options      how models are loaded
/// @param maxQueue     the most jobs that wait
/// @param maxWork      the most work that waits, as far as its time can be told
/// @param attempts     how often a job is begun before it fails
/// @param lease        after which silence of its worker a job is another's; its heartbeat comes every four seconds at
///                     least
/// @param retention    how long a finished job keeps its files; for ever when empty
/// @param quotaBytes   the most bytes of all files, the oldest go first; unlimited when empty
/// @param floorBytes   below so much free space nothing is accepted
/// @param modelBytes   the most bytes of weights that stay in memory between jobs; all of them when empty
/// @param maxBatch     the most jobs that one pass of the model makes
/// @param grace        how long a running job may go on when the server stops
public record EngineSettings(
        Path data,
        Optional<String> storeUrl,
        List<ServedModel> models,
        Optional<Path> loras,
        PipelineOptions options,
        int maxQueue,
        Duration maxWork,
        int attempts,
        Duration lease,
        Optional<Duration> retention,
        OptionalLong quotaBytes,
        long floorBytes,
        OptionalLong modelBytes,
        int maxBatch,
        Duration grace) {
    private static final int USUAL_QUEUE = 1_000;
    private static final int USUAL_ATTEMPTS = 2;
    private static final int USUAL_LEASE_SECONDS = 45;
    private static final int USUAL_DAYS = 7;
    private static final int USUAL_WORK_DAYS = 7;
    private static final int USUAL_GRACE_SECONDS = 30;
    private static final long USUAL_FLOOR = 1L << 30;

    /// Copies the list.
    public EngineSettings {
        models = List.copyOf(models);
    }

    /// A model under its name.
    ///
    /// @param name        its name for clients
    /// @param folder      the model's folder
    /// @param transformer weights to take instead of the model's own
    public record ServedModel(String name, Path folder, Optional<Path> transformer) {}

    /// The usual settings.
    public static EngineSettings of(Path data, List<ServedModel> models) {
        return new EngineSettings(
                data,
                Optional.empty(),
                models,
                Optional.empty(),
                PipelineOptions.defaults(),
                USUAL_QUEUE,
                Duration.ofDays(USUAL_WORK_DAYS),
                USUAL_ATTEMPTS,
                Duration.ofSeconds(USUAL_LEASE_SECONDS),
                Optional.of(Duration.ofDays(USUAL_DAYS)),
                OptionalLong.empty(),
                USUAL_FLOOR,
                OptionalLong.empty(),
                1,
                Duration.ofSeconds(USUAL_GRACE_SECONDS));
    }
}
