package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import java.nio.file.Path;
import java.util.Optional;

/// Batches that compute on one thread, as tests do that run beside others.
public final class OneThread {
    private OneThread() {}

    /// The same request on one thread.
    ///
    /// @param scratch where results lie until they are whole
    /// @param cluster where Spark runs the rows
    public static BatchRequest of(BatchRequest plain, Optional<Path> scratch, Optional<Cluster> cluster) {
        return new BatchRequest(
                plain.task(),
                plain.rows(),
                plain.output(),
                plain.defaults(),
                plain.multiply(),
                plain.share(),
                plain.conduct(),
                1,
                scratch,
                cluster);
    }
}
