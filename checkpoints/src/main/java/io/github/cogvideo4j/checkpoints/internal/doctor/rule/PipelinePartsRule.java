package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The parts that `model_index.json` lists, and the index itself.
public final class PipelinePartsRule implements Rule {
    /// Folders that a whole pipeline has beside what was trained.
    private static final List<String> OTHERS = List.of("vae", "scheduler", "text_encoder", "tokenizer");

    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(
                ProblemCode.MODEL_INDEX_MISSING, ProblemCode.COMPONENT_MISSING, ProblemCode.COMPONENT_WITHOUT_WEIGHTS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        Path index = subject.path().resolve(ModelFolder.INDEX);
        if (subject.kind() == Subject.Kind.PIPELINE && !Files.isRegularFile(index)) {
            boolean whole = OTHERS.stream()
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
        subject.absent().forEach(folder -> found.accept(missing(subject, folder)));
        if (subject.model().isPresent()
                && subject.absent().isEmpty()
                && subject.parts().stream().noneMatch(part -> !part.component().transformers())) {
            found.accept(missing(subject, subject.path().resolve("transformer")));
        }
        for (Part part : subject.parts()) {
            if (part.trained()) {
                boolean elsewhere = Stream.concat(subject.loose().stream(), subject.elsewhere().stream())
                        .flatMap(folder -> folder.groups().stream())
                        .anyMatch(part::mayOwn);
                if (part.isBare() && !elsewhere) {
                    found.accept(withoutWeights(subject, part));
                }
            } else if (part.isBare() && part.files().config().isPresent()) {
                found.accept(withoutWeights(part, Severity.INFO, "checkpoints.doctor.without-weights"));
            }
        }
    }

    /// A pipeline may do without some components, if its index says so.
    private static Finding missing(Subject subject, Path folder) {
        String name = String.valueOf(folder.getFileName());
        Optional<String> parameter = subject.parts().stream()
                .flatMap(part -> part.family().stream())
                .flatMap(family -> Optional.ofNullable(family.optional().get(name)).stream())
                .findFirst();
        Problem problem = parameter
                .map(field -> Problem.of(
                        ProblemCode.COMPONENT_MISSING,
                        Place.of(folder),
                        "checkpoints.doctor.optional-component-missing",
                        name,
                        field))
                .orElseGet(() -> Problem.of(
                        ProblemCode.COMPONENT_MISSING, Place.of(folder), "checkpoints.doctor.component-missing", name));
        return Finding.of(Severity.ERROR, problem).withRemedy(new Remedy.CopyFromBase(name, folder, true));
    }

    /// Weights of another component's folder may be this one's, where that has two sets.
    private static Finding withoutWeights(Subject subject, Part part) {
        for (Part other : subject.parts()) {
            List<WeightGroup> groups = other.files().plainGroups();
            if (groups.size() > 1 && other.className().equals(part.className())) {
                return withoutWeights(
                        part,
                        Severity.ERROR,
                        "checkpoints.doctor.without-weights-but-other",
                        other.component().folder(),
                        groups.stream().map(WeightGroup::label).toList());
            }
        }
        return withoutWeights(part, Severity.ERROR, "checkpoints.doctor.without-weights");
    }

    private static Finding withoutWeights(Part part, Severity severity, String key, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of(part.component().folder()));
        arguments.addAll(List.of(more));
        return Finding.of(
                severity,
                Problem.of(ProblemCode.COMPONENT_WITHOUT_WEIGHTS, Place.of(part.folder()), key, arguments.toArray()));
    }
}
