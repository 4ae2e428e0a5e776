package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.cache.CacheRun;
import io.github.cogvideo4j.inference.internal.cache.CacheSettings;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.cache.StepCaches;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The step cache of a request: one for each of its runs, and what they left to be computed.
final class Caching {
    private final Optional<CacheSettings> settings;
    private final TransformerConfig config;
    private final boolean guided;
    private final BlockWork work = new BlockWork();
    private final Map<String, String> measured = new LinkedHashMap<>();

    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when there is no such cache, or no such
    /// setting
    Caching(TransformerConfig config, PipelineRequest request) {
        this.settings = request.settings().cache().map(choice -> StepCaches.settings(choice.name(), choice.settings()));
        this.config = config;
        this.guided = request.settings().isGuided();
    }

    Optional<CacheSettings> settings() {
        return settings;
    }

    /// The cache for one run; the caller closes it.
    ///
    /// @param calls how often the sampler will ask for a prediction
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when the run cannot be computed with it
    StepCache start(int calls) {
        return settings.map(kind -> kind.start(new CacheRun(calls, guided, config)))
                .orElse(StepCache.NONE);
    }

    /// Counts what the runs compute.
    BlockWork work() {
        return work;
    }

    /// Keeps what a run has measured.
    void ended(StepCache cache) {
        cache.measured().forEach(measured::putIfAbsent);
    }

    Optional<CacheUse> use() {
        return settings.map(_ -> new CacheUse(work.attentions(), work.feedForwards(), work.all(), measured));
    }
}
