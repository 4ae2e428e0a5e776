package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say on which cluster a batch runs.
public final class ClusterArguments {
    @Option(names = "--master", paramLabel = "URL")
    private Optional<String> master = Optional.empty();

    @Option(names = "--conf", paramLabel = "NAME=VALUE")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--ship-model")
    private boolean shipModel;

    /// The word for a batch without Spark.
    private static final String NONE = "none";

    /// The cluster: the one that was asked for, or the embedded Spark.
    ///
    /// @param embedded whether the rows run on the embedded Spark when nothing else was asked for
    /// @throws UsageException for a setting that is none, and options that need a cluster
    public Optional<Cluster> asked(boolean embedded) {
        Optional<String> where = master.or(() -> embedded ? Optional.of(Cluster.EMBEDDED) : Optional.empty())
                .filter(url -> !url.equals(NONE));
        if (where.isEmpty() && (shipModel || !settings.isEmpty())) {
            throw new UsageException("cli.batch.no-master", shipModel ? "--ship-model" : "--conf");
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1 || !setting.startsWith("spark.")) {
                throw new UsageException("cli.batch.conf", setting);
            }
            values.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return where.map(url -> new Cluster(url, values, shipModel));
    }
}
