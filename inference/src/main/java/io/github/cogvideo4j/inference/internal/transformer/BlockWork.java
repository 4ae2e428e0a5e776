package io.github.cogvideo4j.inference.internal.transformer;

/// The count of a run's block evaluations that were computed, row by row.
public final class BlockWork {
    private long attentions;
    private long feedForwards;
    private long all;

    void attention(long rows) {
        attentions += rows;
    }

    void feedForward(long rows) {
        feedForwards += rows;
    }

    /// Counts what one call would be in full.
    public void asked(long evaluations) {
        all += evaluations;
    }

    /// Attentions that were computed.
    public long attentions() {
        return attentions;
    }

    /// Feed-forwards that were computed.
    public long feedForwards() {
        return feedForwards;
    }

    /// How many of each a run without a cache computes.
    public long all() {
        return all;
    }
}
