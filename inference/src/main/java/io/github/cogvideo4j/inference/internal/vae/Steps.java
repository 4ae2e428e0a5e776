package io.github.cogvideo4j.inference.internal.vae;

/// Counts what has been done.
final class Steps {
    private final VaeProgress progress;
    private final long total;
    private long done;

    Steps(VaeProgress progress, long total) {
        this.progress = progress;
        this.total = total;
    }

    void next() {
        done++;
        progress.advance(done, total);
    }
}
