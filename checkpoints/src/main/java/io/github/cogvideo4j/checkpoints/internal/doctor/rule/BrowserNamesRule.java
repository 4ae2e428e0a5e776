package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.PrefixedNames;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Files with the name of their folder before their own, as a browser saves them: one finding for all of them.
public final class BrowserNamesRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.NAME_WRONG);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path folder : subject.componentFolders()) {
            files.addAll(PrefixedNames.in(folder).keySet());
        }
        if (!files.isEmpty()) {
            List<String> names = files.stream()
                    .map(file -> String.valueOf(file.getFileName()))
                    .toList();
            found.accept(Finding.of(
                            Severity.ERROR,
                            Problem.of(
                                    ProblemCode.NAME_WRONG,
                                    Place.of(subject.path()),
                                    "checkpoints.doctor.browser-names",
                                    files.size(),
                                    names))
                    .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty())));
        }
    }
}
