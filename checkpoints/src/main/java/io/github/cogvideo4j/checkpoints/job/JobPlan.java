package io.github.cogvideo4j.checkpoints.job;

import java.io.IOException;

/// Work that has been planned: what will be done is decided and can be shown, nothing has been written.
///
/// @param <R> the result
public interface JobPlan<R> extends AutoCloseable {
    /// Does the work. When this returns, the result's files are in place; when it throws, none of them is, and nothing
    /// temporary is left.
    ///
    /// @param control receives progress; asked between pieces of work whether to stop
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when it was asked to stop
    R run(JobControl control) throws IOException;

    /// Frees what was opened or claimed while planning; does nothing where that is nothing.
    @Override
    default void close() {}
}
