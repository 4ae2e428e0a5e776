package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.inference.internal.weights.WeightStore;

/// The subject of a measurement: a model of real width, and the bare calls that it cannot do without.
interface MeasuredModel extends AutoCloseable {
    /// The model's own forward.
    void forward();

    /// The same work as bare calls: each with an input of its shape, and what it returns dropped.
    void floor();

    /// The weights that both use.
    WeightStore weights();

    @Override
    default void close() {
        weights().close();
    }
}
