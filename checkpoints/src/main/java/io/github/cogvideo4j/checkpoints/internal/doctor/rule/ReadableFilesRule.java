package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ReaderCodes;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Weight files that are not what their names say, are damaged, or are not safe.
public final class ReadableFilesRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return ReaderCodes.ALL;
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        // Other files beside weights that were downloaded and not trained are their publisher's.
        Stream.concat(
                        subject.loose().stream(),
                        subject.parts().stream().filter(Part::trained).map(Part::files))
                .flatMap(folder -> folder.strays().stream())
                .forEach(problem -> found.accept(Finding.of(Severity.ERROR, problem)));
        Stream<ComponentFolder> folders = Stream.concat(
                subject.loose().stream(),
                subject.parts().stream()
                        .map(Part::files)
                        .flatMap(folder -> Stream.concat(Stream.of(folder), folder.nested().stream())));
        folders.forEach(folder -> {
            for (WeightGroup group : folder.groups()) {
                group.contents().errors().forEach(problem -> found.accept(failure(folder.folder(), problem)));
                group.contents()
                        .warnings()
                        .forEach(problem -> found.accept(Finding.of(Severity.ofWarning(problem.code()), problem)));
            }
        });
    }

    static Finding failure(Path folder, Problem problem) {
        Finding finding = Finding.of(Severity.ofFailure(problem.code()), problem);
        return problem.code() == ProblemCode.GIT_LFS_POINTER
                ? finding.withRemedy(new Remedy.PullLargeFiles(folder))
                : finding;
    }
}
