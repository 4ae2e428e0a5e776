package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The step caching that a request asks for: it makes a cache for each run, and adds up what the runs computed.
public final class RequestCache {
    private final Optional<CacheSettings> settings;
    private final TransformerConfig config;
    private final boolean guided;
    private final BlockWork work = new BlockWork();
    private final Map<String, String> measured = new LinkedHashMap<>();

    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when the cache or one of its
    /// settings is unknown
    public RequestCache(TransformerConfig config, PipelineRequest request) {
        this.settings = request.settings().cache().map(choice -> StepCaches.settings(choice.name(), choice.settings()));
        this.config = config;
        this.guided = request.settings().isGuided();
    }

    /// Its settings; none without a cache.
    public Optional<CacheSettings> settings() {
        return settings;
    }

    /// The cache for one run; the caller closes it.
    ///
    /// @param calls how often the sampler will ask for a prediction
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when the run cannot be computed with it
    public StepCache start(int calls) {
        return settings.map(kind -> kind.start(new CacheRun(calls, guided, config)))
                .orElse(StepCache.NONE);
    }

    /// The count of what the runs compute.
    public BlockWork work() {
        return work;
    }

    /// Keeps what a run has measured.
    public void ended(StepCache cache) {
        cache.measured().forEach(measured::putIfAbsent);
    }

    /// What the runs computed and measured, for the record; none without a cache.
    public Optional<CacheUse> use() {
        return settings.map(_ -> new CacheUse(work.attentions(), work.feedForwards(), work.all(), measured));
    }
}
