package io.github.cogvideo4j.cluster.internal.task;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.node.ObjectNode;

/// What the rows of a batch are made by. One instance serves one process, and keeps open what the next row needs, too.
public interface RowTask extends AutoCloseable {
    /// Decides what a row comes to; nothing is computed or written.
    ///
    /// @param fields what the row says beside the defaults
    /// @throws io.github.cogvideo4j.formats.MalformedFileException          `request` when that is no request
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `request` for the same reason
    Prepared prepare(ObjectNode fields) throws IOException;

    /// Makes it.
    ///
    /// @param fields  what the row says beside the defaults
    /// @param scratch an empty folder of this process
    /// @param control asked between pieces of work whether to stop
    Made make(ObjectNode fields, Path scratch, JobControl control) throws IOException;

    /// How often a model was opened.
    int loads();

    @Override
    void close();

    /// What a row comes to.
    ///
    /// @param key     the SHA-256 of what is asked for
    /// @param group   what rows share that need the same things open
    /// @param name    what its file is called before the key
    /// @param work    how much there is to compute, in units of 10^12 operations
    /// @param bytes   how large the result will be
    /// @param device  where it will be made
    /// @param problem why it cannot be made, if that is known
    record Prepared(
            String key, String group, String name, double work, long bytes, String device, Optional<Problem> problem) {}

    /// A file that was made.
    ///
    /// @param local where it is
    /// @param end   what stands behind the row's name: `.mp4`, `.mp4.json`
    record Produced(Path local, String end) {}

    /// What was made of a row.
    ///
    /// @param files   the files, the result itself last
    /// @param seed    the seed, of a video
    /// @param device  where it was made
    /// @param problem what a check found, where that is the result
    record Made(List<Produced> files, OptionalLong seed, String device, Optional<Problem> problem) {}
}
