package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// The parts that `model_index.json` lists, and the index itself.
final class PipelinePartsRule implements Rule {
    private static final List<String> COMPONENTS = List.of("vae", "scheduler", "text_encoder", "tokenizer");

    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(
                ProblemCode.MODEL_INDEX_MISSING, ProblemCode.COMPONENT_MISSING, ProblemCode.COMPONENT_WITHOUT_WEIGHTS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        Path index = subject.path().resolve(ModelFolder.INDEX);
        if (subject.kind() == Subject.Kind.PIPELINE && !Files.isRegularFile(index)) {
            boolean whole = COMPONENTS.stream()
                    .anyMatch(name -> Files.isDirectory(subject.path().resolve(name)));
            found.accept(Finding.of(
                            whole ? Severity.ERROR : Severity.INFO,
                            Problem.of(
                                    ProblemCode.MODEL_INDEX_MISSING,
                                    Place.of(subject.path()),
                                    whole
                                            ? "checkpoints.doctor.model-index-missing"
                                            : "checkpoints.doctor.transformer-alone"))
                    .withRemedy(new Remedy.CopyFromBase(ModelFolder.INDEX, subject.path(), false)));
        }
        subject.others().forEach(component -> examine(component, found));
        if (subject.model().isPresent() && subject.transformer().isEmpty()) {
            found.accept(missing(subject.path().resolve("transformer")));
        }
        subject.transformer()
                .filter(folder -> folder.groups().isEmpty()
                        && folder.nested().isEmpty()
                        && folder.rawCheckpoints().isEmpty()
                        && folder.unreadable().isEmpty()
                        && subject.elsewhere().isEmpty()
                        && subject.loose().stream()
                                .allMatch(loose -> loose.groups().isEmpty()))
                .ifPresent(folder -> found.accept(withoutWeights(folder.folder(), Severity.ERROR)));
    }

    private static void examine(Subject.Component component, Consumer<Finding> found) {
        if (!component.exists()) {
            found.accept(missing(component.folder()));
        }
        for (Problem problem : component.problems()) {
            found.accept(
                    problem.code() == ProblemCode.NOT_A_CHECKPOINT
                            ? withoutWeights(component.folder(), Severity.INFO)
                            : Finding.of(Severity.ofFailure(problem.code()), problem));
        }
        component.weights().stream()
                .flatMap(weights -> weights.remarks().stream())
                .forEach(problem -> found.accept(Finding.of(Severity.ofRemark(problem.code()), problem)));
    }

    private static Finding missing(Path folder) {
        return Finding.of(
                        Severity.ERROR,
                        Problem.of(
                                ProblemCode.COMPONENT_MISSING,
                                Place.of(folder),
                                "checkpoints.doctor.component-missing",
                                String.valueOf(folder.getFileName())))
                .withRemedy(new Remedy.CopyFromBase(String.valueOf(folder.getFileName()), folder, true));
    }

    private static Finding withoutWeights(Path folder, Severity severity) {
        return Finding.of(
                severity,
                Problem.of(
                        ProblemCode.COMPONENT_WITHOUT_WEIGHTS,
                        Place.of(folder),
                        "checkpoints.doctor.without-weights",
                        String.valueOf(folder.getFileName())));
    }
}
