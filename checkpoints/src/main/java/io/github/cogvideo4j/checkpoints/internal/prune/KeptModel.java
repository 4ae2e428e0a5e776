package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A model's weights, converted.
///
/// @param request    what is asked for
/// @param checkpoint the checkpoint's folder
/// @param opened     what is in it
record KeptModel(PruneRequest request, Path checkpoint, Checkpoint opened) implements KeptWeights {
    @Override
    public Optional<Checkpoint> state() {
        return Optional.of(opened);
    }

    @Override
    public Optional<Problem> lack() {
        return Optional.empty();
    }

    @Override
    public Optional<Problem> obstacle(Path target) throws IOException {
        List<Problem> told = new ArrayList<>();
        JobControl listening = JobControl.of(event -> {
            if (event instanceof JobEvent.Warned warned) {
                told.add(warned.problem());
            }
        });
        conversion(target, true).plan(listening);
        return told.stream()
                .filter(problem -> OTHER_WEIGHTS.contains(problem.message().key()))
                .findFirst()
                .map(_ -> KeptWeights.otherWeights(checkpoint));
    }

    @Override
    public void write(Path target, JobControl control) throws IOException {
        conversion(target, false).plan(JobControl.none()).run(control);
    }

    /// The conversion, proven before its folder is put in place.
    ConversionRequest conversion(Path target, boolean overwrite) {
        ConversionRequest conversion = ConversionRequest.of(checkpoint, target)
                .withOptions(ConversionOptions.defaults()
                        .withDType(request.dtype())
                        .withThreads(request.threads())
                        .withOverwrite(overwrite)
                        .withVerify(true));
        return request.base().map(conversion::withBase).orElse(conversion);
    }

    @Override
    public void requireEqual(Path weights, JobControl control) throws IOException {
        VerificationReport report = FolderComparison.open(
                        weights, List.of(checkpoint), List.of(), Optional.empty(), Optional.empty(), request.threads())
                .run(control);
        if (!report.problems().isEmpty()) {
            throw KeptWeights.different(weights, checkpoint, report.problems().size());
        }
    }
}
