package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ConfigFiles;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.WrapperPrefix;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderVerification;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The weights against the configuration beside them, as far as its class is known: names and sizes, a wrapper's
/// prefix, an adapter that was not merged, another family's weights.
public final class FitsConfigRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(
                ProblemCode.CHOICE,
                ProblemCode.MISSING_TENSOR,
                ProblemCode.EXTRA_TENSOR,
                ProblemCode.SHAPE_MISMATCH,
                ProblemCode.LORA_UNMERGED,
                ProblemCode.WRONG_COMPONENT,
                ProblemCode.KEY_PREFIX);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        for (Part part : subject.parts()) {
            Optional<Path> file = part.files().config();
            Optional<String> quantization = file.isPresent()
                    ? ConfigFiles.document(file.get()).flatMap(ConfigDocument::quantization)
                    : Optional.empty();
            if (quantization.isPresent()) {
                found.accept(Finding.of(
                        Severity.INFO,
                        Problem.of(
                                ProblemCode.CHOICE,
                                Place.of(part.folder()),
                                "checkpoints.doctor.quantized",
                                quantization.get())));
                continue;
            }
            Optional<TransformerConfig> config =
                    part.isReadBy(ConfigFiles.TRANSFORMER) ? ConfigFiles.transformer(part) : Optional.empty();
            for (WeightGroup group : part.files().groups()) {
                wrapper(part, group).ifPresent(wrapper -> found.accept(wrapped(subject, group, wrapper)));
                if (group.isComplete()) {
                    if (config.isPresent()) {
                        compare(config.get(), group, isConverted(part), found);
                    } else {
                        compareFamily(part, group, found);
                    }
                }
            }
        }
    }

    /// What a training wrapper put before every name. Of transformers' models `model.` and the like are names of
    /// modules.
    private static Optional<String> wrapper(Part part, WeightGroup group) {
        return part.component().transformers() ? Optional.empty() : WrapperPrefix.of(group);
    }

    private static Finding wrapped(Subject subject, WeightGroup group, String wrapper) {
        return Finding.of(
                        Severity.ERROR,
                        Problem.of(ProblemCode.KEY_PREFIX, place(group), "checkpoints.doctor.key-prefix", wrapper))
                .withRemedy(new Remedy.RepairFolder(subject.path(), true, Optional.empty()));
    }

    /// Whether a conversion wrote the component, and says so: it refuses what the model does not have, but for
    /// what the training calls its own buffers.
    private static boolean isConverted(Part part) throws IOException {
        Path folder = part.folder().toAbsolutePath().normalize();
        Path above = folder.getParent();
        try {
            return above != null && FolderVerification.recorded(above, folder).isPresent();
        } catch (FormatException | CheckpointException unreadable) {
            return false;
        }
    }

    private static void compare(TransformerConfig config, WeightGroup group, boolean converted, Consumer<Finding> found)
            throws IOException {
        int wrapper = WrapperPrefix.of(group).orElse("").length();
        List<NamedShape> shapes = group.contents().tensors().stream()
                .map(tensor -> new NamedShape(tensor.name().substring(wrapper), tensor.shape()))
                .toList();
        ConfigCheck.Result result = ConfigCheck.compare(config, shapes, _ -> converted, place(group));
        result.errors().forEach(problem -> found.accept(Finding.of(Severity.ERROR, problem)));
        result.warnings()
                .forEach(problem -> found.accept(Finding.of(converted ? Severity.INFO : Severity.WARNING, problem)));
    }

    /// Where only the family is known, any sizes are possible; all that can be said is that the weights are
    /// another family's, or that some lie under none of its modules.
    private static void compareFamily(Part part, WeightGroup group, Consumer<Finding> found) {
        Optional<String> className = part.className();
        Optional<Family> family = className.flatMap(Families::ofClass);
        if (className.isEmpty() || family.isEmpty() || part.component().transformers()) {
            return;
        }
        List<FamilyMatch> matches = group.matches();
        Optional<FamilyMatch> own = matches.stream()
                .filter(match -> match.family().equals(family.get()))
                .findFirst();
        if (own.isEmpty() && !matches.isEmpty()) {
            found.accept(Finding.of(
                    Severity.ERROR,
                    Problem.of(
                            ProblemCode.WRONG_COMPONENT,
                            place(group),
                            "checkpoints.doctor.other-family",
                            className.get(),
                            matches.getFirst().family().classes())));
        } else if (own.isPresent() && !own.get().extra().isEmpty()) {
            found.accept(Finding.of(
                    Severity.INFO,
                    Problem.of(
                            ProblemCode.EXTRA_TENSOR,
                            place(group).tensor(own.get().extra().getFirst()),
                            "checkpoints.doctor.outside-modules",
                            own.get().extra().size(),
                            className.get())));
        }
    }

    private static Place place(WeightGroup group) {
        return Place.of(group.first().file());
    }
}
