package io.github.cogvideo4j.checkpoints.internal.job;

import io.github.cogvideo4j.checkpoints.job.Activity;
import java.util.Locale;

/// The activities of jobs on checkpoints. All of it is counted in bytes.
public enum Phase implements Activity {
    /// Writing the weights.
    WRITING,
    /// Copying or linking the base model's files.
    BASE_FILES,
    /// Comparing with the source or the manifest.
    VERIFYING,
    /// Reading values, to describe them or to compare two models.
    READING;

    @Override
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public Unit unit() {
        return Unit.BYTES;
    }
}
