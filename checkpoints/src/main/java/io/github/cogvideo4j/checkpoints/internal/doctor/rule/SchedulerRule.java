package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ConfigFiles;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
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

/// A scheduler that the model was not trained with, by what `families.json` says of the published models. A noise
/// schedule may be shifted in models with absolute positions (CogVideoX-2b) and not in those with rotary ones.
public final class SchedulerRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.SCHEDULER);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        Path file = subject.path().resolve("scheduler").resolve("scheduler_config.json");
        Optional<ConfigDocument> scheduler =
                subject.kind() == Subject.Kind.PIPELINE ? ConfigFiles.document(file) : Optional.empty();
        Optional<Part> part = subject.parts().stream()
                .filter(one -> one.follows("cogvideox-scheduler"))
                .findFirst();
        if (scheduler.isEmpty() || part.isEmpty()) {
            return;
        }
        ConfigDocument document = scheduler.get();
        String name = unquoted(document.rawValue("_class_name").orElse(""));
        List<String> known = part.get().facts("schedulers");
        if (!name.isEmpty() && !known.contains(name)) {
            report(subject, file, "_class_name", name, known, found);
        }
        Optional<TransformerConfig> config = ConfigFiles.transformer(subject);
        if (config.isPresent()
                && part.get()
                        .facts("published_widths")
                        .contains(String.valueOf(config.get().innerDim()))) {
            String positions = config.get().useRotaryPositionalEmbeddings() ? "rotary" : "absolute";
            for (String facts : List.of(positions + "_scheduler_fields", "scheduler_fields")) {
                for (String fact : part.get().facts(facts)) {
                    String[] field = fact.split("=", 2);
                    check(subject, file, document, field[0], field[1], found);
                }
            }
        }
    }

    private static void check(
            Subject subject,
            Path file,
            ConfigDocument document,
            String field,
            String expected,
            Consumer<Finding> found) {
        String value = unquoted(document.rawValue(field).orElse(expected));
        if (!value.equals(expected) && !(value + ".0").equals(expected)) {
            report(subject, file, field, value, expected, found);
        }
    }

    private static void report(
            Subject subject, Path file, String field, String value, Object expected, Consumer<Finding> found) {
        found.accept(Finding.of(
                        Severity.WARNING,
                        Problem.of(
                                ProblemCode.SCHEDULER,
                                Place.of(file),
                                "checkpoints.doctor.scheduler",
                                field,
                                value,
                                expected))
                .withRemedy(new Remedy.CopyFromBase(
                        "scheduler/scheduler_config.json", subject.path().resolve("scheduler"), false)));
    }

    private static String unquoted(String json) {
        return json.length() > 1 && json.startsWith("\"") ? json.substring(1, json.length() - 1) : json;
    }
}
