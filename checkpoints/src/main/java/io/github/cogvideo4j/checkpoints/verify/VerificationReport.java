package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The report of a verification: what it looked at and found.
///
/// @param folder      what was verified
/// @param manifest    whether the folder was held against its manifest
/// @param files       how many files were checked
/// @param tensors     how many tensors were read
/// @param bytes       how many bytes of them
/// @param source      the checkpoint that the folder was compared with, where there was one
/// @param sources     how many checkpoints it was compared with: several where the model was merged
/// @param differences the tensors that differ from that checkpoint
/// @param problems    what is wrong, the differences among it; none when all is as it should be
/// @param warnings       what could not be checked
public record VerificationReport(
        Path folder,
        boolean manifest,
        int files,
        int tensors,
        long bytes,
        Optional<Path> source,
        int sources,
        List<TensorDifference> differences,
        List<Problem> problems,
        List<Problem> warnings) {
    /// Copies the lists.
    public VerificationReport {
        differences = List.copyOf(differences);
        problems = List.copyOf(problems);
        warnings = List.copyOf(warnings);
    }
}
