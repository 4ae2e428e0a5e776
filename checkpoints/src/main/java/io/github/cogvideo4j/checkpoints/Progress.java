package io.github.cogvideo4j.checkpoints;

/// Told how a long job gets on. Called from several threads at once.
public interface Progress {
    /// What a job is doing.
    enum Phase {
        /// Writing the weights.
        WRITING,
        /// Copying or linking the base model's files.
        BASE_FILES,
        /// Comparing with the source or the manifest.
        VERIFYING,
        /// Reading values, to describe them or to compare two models.
        READING
    }

    /// Tells nobody.
    Progress NONE = new Progress() {
        @Override
        public void begin(Phase phase, long totalBytes) {}

        @Override
        public void advance(long bytes) {}
    };

    /// A phase begins; the one before it is over.
    ///
    /// @param phase      which
    /// @param totalBytes how many bytes it will go through
    void begin(Phase phase, long totalBytes);

    /// So many more bytes of the current phase are done.
    void advance(long bytes);
}
