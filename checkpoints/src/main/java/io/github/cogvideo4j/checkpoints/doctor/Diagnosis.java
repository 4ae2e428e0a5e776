package io.github.cogvideo4j.checkpoints.doctor;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.formats.problem.Message;
import java.nio.file.Path;
import java.util.List;

/// What an examination found.
///
/// @param path     what was examined
/// @param summary  what it is, in one line
/// @param findings what was found, the worst first
public record Diagnosis(Path path, Message summary, List<Finding> findings) {
    /// Copies the list.
    public Diagnosis {
        findings = List.copyOf(findings);
    }

    /// Whether there is nothing of severity warning or above.
    public boolean isHealthy() {
        return findings.stream().allMatch(finding -> finding.severity() == Severity.INFO);
    }
}
