package io.github.cogvideo4j.checkpoints.doctor;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner.RepairOptions;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// A request to say what is wrong with a folder or a file, to mend a folder, or to take repairs back.
///
/// @param path      a pipeline, a transformer's folder, a checkpoint, a training output, a weight file
/// @param action    what is done
/// @param rewriting whether a repair may write weights anew where other names are not enough
/// @param keep      of several sets of weights, a file (or the index) of the one that a repair keeps
/// @param deep      whether every value and every checksum is read, not only headers
/// @param threads   how many tensors are read at once
public record DiagnosisRequest(
        Path path, Action action, boolean rewriting, Optional<String> keep, boolean deep, int threads)
        implements JobRequest<DiagnosisPlan> {
    private static final String JOB = "diagnose";
    private static final int VERSION = 1;

    /// What a diagnosis leads to.
    public enum Action {
        /// Nothing is changed.
        EXAMINE,
        /// A folder is mended, in a way that can be taken back.
        REPAIR,
        /// Every repair of a folder is taken back.
        UNDO;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Checks that the fields go together.
    ///
    /// @throws InvalidRequestException `request` when they do not
    public DiagnosisRequest {
        boolean repair = action == Action.REPAIR;
        RequestText.requireBeside(rewriting, "rewriting", repair, "action " + Action.REPAIR);
        RequestText.requireBeside(keep.isPresent(), "keep", repair, "action " + Action.REPAIR);
        RequestText.requireOne(deep, "deep", action == Action.UNDO, "action " + Action.UNDO);
    }

    /// A request to examine a path by its headers.
    public static DiagnosisRequest of(Path path) {
        return new DiagnosisRequest(path, Action.EXAMINE, false, Optional.empty(), false, RequestText.usualThreads());
    }

    /// The same request with another action.
    public DiagnosisRequest withAction(Action value) {
        return new DiagnosisRequest(path, value, rewriting, keep, deep, threads);
    }

    /// The same request, with every value read or only headers.
    public DiagnosisRequest withDeep(boolean value) {
        return new DiagnosisRequest(path, action, rewriting, keep, value, threads);
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Plans. A repair is planned by an examination, which reads every value where the request is `deep`.
    ///
    /// @throws java.nio.file.NoSuchFileException when nothing is there to be mended
    @Override
    public DiagnosisPlan plan(JobControl control) throws IOException {
        control.check();
        if (action != Action.REPAIR) {
            return new DiagnosisPlan(this, Optional.empty(), new RepairPlan(path, List.of(), List.of()));
        }
        Diagnosis before = examine(control);
        RepairPlan repair = before.isHealthy()
                ? new RepairPlan(path, List.of(), List.of())
                : RepairPlanner.plan(path, new RepairOptions(rewriting, keep));
        return new DiagnosisPlan(this, Optional.of(before), repair);
    }

    Diagnosis examine(JobControl control) throws IOException {
        return Doctor.examine(path, new DoctorOptions(deep, threads), control);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        json.put("path", path.toString());
        if (action != Action.EXAMINE) {
            json.put("action", action.toString());
        }
        RequestText.flag(json, "rewriting", rewriting);
        RequestText.text(json, "keep", keep);
        RequestText.flag(json, "deep", deep);
        RequestText.threads(json, threads);
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static DiagnosisRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        DiagnosisRequest request = new DiagnosisRequest(
                fields.requiredPath("path"),
                fields.choice("action", Action.class).orElse(Action.EXAMINE),
                fields.flag("rewriting"),
                fields.text("keep"),
                fields.flag("deep"),
                RequestText.threads(fields));
        fields.end();
        return request;
    }
}
