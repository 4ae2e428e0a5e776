package io.github.cogvideo4j.checkpoints.job;

/// A kind of work that a job does for a while: writing weights, denoising. Each library module has an enum of its own.
public interface Activity {
    /// Its stable name in kebab case, under which front ends have their words for it.
    String id();

    /// What its progress is counted in.
    Unit unit();

    /// What is counted.
    enum Unit {
        /// Bytes.
        BYTES,
        /// Steps, frames, prompts: pieces that take about the same time each.
        PIECES
    }
}
