package io.github.cogvideo4j.inference.internal.cache;

/// The settings of one kind of step cache, checked, from which a run's cache is made.
public sealed interface CacheSettings
        permits FirstBlockCache.Settings,
                PyramidAttention.Settings,
                FasterCache.Settings,
                WrapperFasterCache.Settings,
                TaylorSeer.Settings,
                MagCache.Settings,
                TeaCache.Settings {
    /// A cache for one run.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when the run cannot be computed with it
    StepCache start(CacheRun run);

    /// The bytes that it keeps from step to step, at most.
    long keptBytes(CacheShape shape);
}
