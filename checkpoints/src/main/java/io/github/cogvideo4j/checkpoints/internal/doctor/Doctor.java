package io.github.cogvideo4j.checkpoints.internal.doctor;

import io.github.cogvideo4j.checkpoints.doctor.Diagnosis;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.Rule;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/// The doctor, which says what is wrong with a folder or a file. Looks at the path it is given and below, never
/// above; changes nothing; reads headers only unless asked for more.
public final class Doctor {
    private Doctor() {}

    /// Examines.
    ///
    /// @param path     a pipeline, a transformer's folder, a checkpoint, a training output, a weight file
    /// @param options  how closely to look
    /// @param control receives the number of bytes that were read, when every value is read
    /// @throws java.nio.file.NoSuchFileException when nothing is there
    public static Diagnosis examine(Path path, DoctorOptions options, JobControl control) throws IOException {
        Subject subject = Subject.read(path);
        Set<Finding> findings = new LinkedHashSet<>();
        for (Rule rule : Rules.all(options.deep(), options.threads(), control)) {
            control.check();
            rule.examine(subject, findings::add);
        }
        return new Diagnosis(
                subject.path(),
                Summary.of(subject),
                findings.stream().sorted(Finding.ORDER).toList());
    }

    /// How closely to look.
    ///
    /// @param deep    whether every value and every checksum is read, not only headers
    /// @param threads how many tensors are read at once
    public record DoctorOptions(boolean deep, int threads) {}
}
