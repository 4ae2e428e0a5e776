package io.github.cogvideo4j.checkpoints.doctor;

import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Repair;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan.Step;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Undo;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A planned examination, repair or undoing.
public final class DiagnosisPlan implements JobPlan<DiagnosisPlan.Result> {
    private final DiagnosisRequest request;
    private final Optional<Diagnosis> before;
    private final RepairPlan repair;

    DiagnosisPlan(DiagnosisRequest request, Optional<Diagnosis> before, RepairPlan repair) {
        this.request = request;
        this.before = before;
        this.repair = repair;
    }

    /// What came of a plan.
    ///
    /// @param diagnosis what was found, after a repair where there was one; absent when repairs were taken back
    /// @param undone    how many repairs were taken back
    public record Result(Optional<Diagnosis> diagnosis, int undone) {}

    /// The diagnosis before a repair; absent when no repair is requested.
    public Optional<Diagnosis> before() {
        return before;
    }

    /// The steps of the repair, each in a sentence; none when there is nothing that can be mended.
    public List<Message> steps() {
        return repair.steps().stream().map(Step::message).toList();
    }

    /// What the user has to decide before the repair, and what is not mended and why.
    public List<Problem> questions() {
        return repair.questions();
    }

    /// Examines, repairs or undoes. A repair that is cancelled changes nothing; of several repairs, each is taken back
    /// whole or not at all. Once a repair is in place, the examination that follows is no longer cancelled.
    @Override
    public Result run(JobControl control) throws IOException {
        return switch (request.action()) {
            case EXAMINE -> new Result(Optional.of(request.examine(control)), 0);
            case UNDO -> new Result(Optional.empty(), Undo.restore(request.path(), control));
            case REPAIR -> new Result(Optional.of(mended(control)), 0);
        };
    }

    private Diagnosis mended(JobControl control) throws IOException {
        if (repair.isEmpty() && before.isPresent()) {
            return before.get();
        }
        Repair.apply(repair, control);
        return request.examine(new JobControl(control.listener(), new Cancellation()));
    }
}
