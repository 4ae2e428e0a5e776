package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.cluster.internal.store.KeySet;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import java.io.IOException;

/// What manifests say of rows, in some dozens of bytes for each: which are done.
final class Finished {
    private static final int COMPLETED = 1 << 30;

    private final KeySet keys = new KeySet();
    private final KeySet rows = new KeySet();
    private double seconds;

    static Finished read(ManifestLog log) throws IOException {
        Finished finished = new Finished();
        log.each(finished::add);
        return finished;
    }

    private void add(ManifestRow row) {
        int status = row.completed() ? COMPLETED : row.attempt();
        int before = keys.put(row.key(), status);
        seconds += row.completed() && before != COMPLETED ? row.seconds() : 0;
        rows.put(ManifestLog.identity(row.key(), row.id()), status);
    }

    /// The time that all completed ones took.
    double seconds() {
        return seconds;
    }

    boolean isCompleted(String key) {
        return keys.get(key) == COMPLETED;
    }

    boolean hasFailed(String key) {
        int status = keys.get(key);
        return status >= 0 && status < COMPLETED;
    }

    /// How often it was tried in vain.
    int attempts(String key) {
        return hasFailed(key) ? keys.get(key) : 0;
    }

    /// Whether the manifest has a row under this name, which is done.
    boolean isCompleted(String key, String id) {
        return rows.get(ManifestLog.identity(key, id)) == COMPLETED;
    }

    boolean knows(String key, String id) {
        return rows.get(ManifestLog.identity(key, id)) >= 0;
    }
}
