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

    /// The cluster, when one was asked for.
    ///
    /// @throws UsageException for a setting that is none, and options that need a cluster
    public Optional<Cluster> asked() {
        if (master.isEmpty() && (shipModel || !settings.isEmpty())) {
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
        return master.map(url -> new Cluster(url, values, shipModel));
    }
}
