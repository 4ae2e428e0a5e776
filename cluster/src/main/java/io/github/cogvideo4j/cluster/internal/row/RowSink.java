package io.github.cogvideo4j.cluster.internal.row;

import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;

/// A receiver of rows, one after the other.
public interface RowSink {
    /// Receives a row that can be read.
    void row(BatchRow row) throws IOException;

    /// Receives what is wrong with one that cannot be.
    void bad(long line, Problem problem);
}
