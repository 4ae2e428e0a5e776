package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.formats.problem.Problem;
import java.util.List;

/// What a verification looked at and found.
///
/// @param manifest whether the folder has a manifest to be held against
/// @param files    how many files were checked
/// @param tensors  how many tensors were read
/// @param bytes    how many bytes of them
/// @param problems what is wrong; none when all is as it should be
/// @param notes    what could not be checked
public record VerificationReport(
        boolean manifest, int files, int tensors, long bytes, List<Problem> problems, List<Problem> notes) {
    /// Copies the lists.
    public VerificationReport {
        problems = List.copyOf(problems);
        notes = List.copyOf(notes);
    }
}
