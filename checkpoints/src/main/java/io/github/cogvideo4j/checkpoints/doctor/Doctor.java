package io.github.cogvideo4j.checkpoints.doctor;

import io.github.cogvideo4j.checkpoints.Progress;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.subject.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/// Says what is wrong with a folder or a file. Looks at the path it is given and below, never above; changes
/// nothing; reads headers only unless asked for more.
public final class Doctor {
    private Doctor() {}

    /// Examines.
    ///
    /// @param path     a pipeline, a transformer's folder, a checkpoint, a training output, a weight file
    /// @param options  how closely to look
    /// @param progress told the bytes that were read, when every value is
    /// @throws java.nio.file.NoSuchFileException when nothing is there
    public static Diagnosis examine(Path path, DoctorOptions options, Progress progress) throws IOException {
        return examine(Subject.read(path), options, progress);
    }

    /// Examines what has been read already.
    public static Diagnosis examine(Subject subject, DoctorOptions options, Progress progress) throws IOException {
        Set<Finding> findings = new java.util.LinkedHashSet<>();
        for (io.github.cogvideo4j.checkpoints.doctor.rule.Rule rule :
                io.github.cogvideo4j.checkpoints.doctor.rule.Rules.all(options.deep(), options.threads(), progress)) {
            rule.examine(subject, findings::add);
        }
        return new Diagnosis(
                subject.path(),
                Summary.of(subject),
                findings.stream().sorted(Finding.ORDER).toList());
    }
}
