package io.github.cogvideo4j.server.internal.security;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// How often each key may do something: a bucket of tokens for each, filled evenly.
public final class Rates {
    private static final double NANOS = 1e9;
    private static final double SECONDS_OF_A_MINUTE = 60;
    private static final int MOST_BUCKETS = 10_000;

    private final double perSecond;
    private final double most;
    private final LongSupplier nanos;
    private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

    /// @param perMinute how often in a minute; 0: any number of times
    public Rates(int perMinute) {
        this(perMinute, System::nanoTime);
    }

    Rates(int perMinute, LongSupplier nanos) {
        this.perSecond = perMinute / SECONDS_OF_A_MINUTE;
        this.most = perMinute;
        this.nanos = nanos;
    }

    private record Bucket(double tokens, long at) {}

    /// Takes a token.
    ///
    /// @return empty when there was one, else the time until there is
    public Optional<Duration> take(String who) {
        if (most == 0) {
            return Optional.empty();
        }
        if (buckets.size() > MOST_BUCKETS) {
            buckets.clear();
        }
        long now = nanos.getAsLong();
        double[] wait = new double[1];
        buckets.compute(who, (_, old) -> {
            double tokens = old == null ? most : Math.min(most, old.tokens() + (now - old.at()) / NANOS * perSecond);
            if (tokens < 1) {
                wait[0] = (1 - tokens) / perSecond;
                return new Bucket(tokens, now);
            }
            return new Bucket(tokens - 1, now);
        });
        return wait[0] == 0 ? Optional.empty() : Optional.of(Duration.ofMillis((long) Math.ceil(wait[0] * 1_000)));
    }
}
