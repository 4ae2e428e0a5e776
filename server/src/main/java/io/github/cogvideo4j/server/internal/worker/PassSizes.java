package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.server.internal.store.StoredJob;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// How many jobs one pass of the model may have: as the settings say, and fewer where more were found not to fit.
final class PassSizes {
    private final int most;
    private final Map<String, Integer> found = new ConcurrentHashMap<>();

    PassSizes(int most) {
        this.most = most;
    }

    int of(StoredJob first) {
        return found.getOrDefault(first.passKey(), most);
    }

    /// From now on passes like that of a job have no more than a number of jobs.
    void limit(StoredJob like, int jobs) {
        found.merge(like.passKey(), jobs, Math::min);
    }
}
