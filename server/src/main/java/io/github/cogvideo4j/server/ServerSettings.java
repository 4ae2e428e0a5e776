package io.github.cogvideo4j.server;

import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.server.internal.settings.ServerSettingsReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The settings of a server: what it serves, where it listens, whom it serves and how much. Read by [#read].
///
/// @param models  the models, the first is the usual one
/// @param loras   the folder whose files and folders are the adapters that a request may name
/// @param options how models are loaded
/// @param network where it listens
/// @param access  who may ask, and how often
/// @param queue   how much may wait
/// @param storage what is kept, where and for how long
public record ServerSettings(
        List<Model> models,
        Optional<Path> loras,
        PipelineOptions options,
        Network network,
        Access access,
        Queue queue,
        JobStorage storage) {
    /// Copies the list.
    public ServerSettings {
        models = List.copyOf(models);
    }

    /// A model under its name.
    ///
    /// @param name        for clients
    /// @param folder      the model's folder
    /// @param transformer weights to take instead of the model's own: a training checkpoint, for one
    public record Model(String name, Path folder, Optional<Path> transformer) {}

    /// Where a server listens.
    ///
    /// @param host        an address of this machine; without keys one of the loopback
    /// @param port        the port; 0: a free one
    /// @param connections the most connections
    /// @param idle        after which silence a connection is closed
    /// @param leastRate   bytes a second that a request's body has to come with; 0: any
    /// @param syncTime    how long an answer may take that waits for its video
    public record Network(String host, int port, int connections, Duration idle, long leastRate, Duration syncTime) {}

    /// Who may ask, and how often.
    ///
    /// @param keys             a file of keys, `name:key` each
    /// @param keyList          the same as a text
    /// @param origins          origins of other pages that may use the API
    /// @param jobsPerMinute    jobs of a key; 0: any number
    /// @param uploadsPerMinute uploads of a key; 0: any number
    public record Access(
            Optional<Path> keys,
            Optional<String> keyList,
            List<String> origins,
            int jobsPerMinute,
            int uploadsPerMinute) {
        /// Copies the list.
        public Access {
            origins = List.copyOf(origins);
        }
    }

    /// How much may wait.
    ///
    /// @param mostJobs most jobs
    /// @param mostWork the most work, as far as its time can be told
    /// @param attempts how often a job is begun before it fails
    /// @param lease    after which silence of its server a job is another's
    /// @param mostTogether the most jobs of one shape that are made in one pass, as far as the memory allows
    /// @param grace    how long a running job may go on when the server stops
    public record Queue(
            int mostJobs, Duration mostWork, int attempts, Duration lease, int mostTogether, Duration grace) {}

    /// What is kept, where and for how long.
    ///
    /// @param data       the folder of store and files
    /// @param storeUrl   a JDBC URL of PostgreSQL; a file in the folder when empty
    /// @param retention  how long a finished job keeps its files; for ever when empty
    /// @param quotaBytes the most bytes of all files; unlimited when empty
    /// @param floorBytes below so much free space nothing is accepted
    /// @param modelBytes the most bytes of weights that stay in memory between jobs; all of them when empty
    public record JobStorage(
            Path data,
            Optional<String> storeUrl,
            Optional<Duration> retention,
            OptionalLong quotaBytes,
            long floorBytes,
            OptionalLong modelBytes) {}

    /// Reads settings. What is given goes before the environment (`COGVIDEO_SERVE_MAX_QUEUE` for `max-queue`), that
    /// before the file, and that before the defaults. Nothing is opened but the file.
    ///
    /// @param given       values by the setting's name
    /// @param environment the environment variables
    /// @param file        a YAML file
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `request` for a setting that is unknown,
    /// has a wrong value, or names something that is not there
    public static ServerSettings read(
            Map<String, List<String>> given, Map<String, String> environment, Optional<Path> file) throws IOException {
        return ServerSettingsReader.read(given, environment, file);
    }
}
