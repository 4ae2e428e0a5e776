package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.checkpoints.job.Activity;
import java.util.Locale;

/// What a setup does with an archive.
enum SetupPhase implements Activity {
    /// Fetching it.
    SETUP_FETCH,
    /// Comparing its checksum.
    SETUP_CHECK,
    /// Unpacking it.
    SETUP_UNPACK;

    @Override
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public Unit unit() {
        return Unit.BYTES;
    }
}
