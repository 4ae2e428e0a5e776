package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
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
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A scheduler that the model was not trained with. The noise schedule is shifted in CogVideoX-2b (3.0) and not
/// in the models with rotary positions (1.0), and all of them predict velocity.
public final class SchedulerRule implements Rule {
    private static final Set<String> KNOWN =
            Set.of("CogVideoXDDIMScheduler", "CogVideoXDPMScheduler", "CogVideoXDDIMInverseScheduler");
    /// Widths of the published models: only of these is it known what they were trained with.
    private static final int SMALL = 1920;

    private static final int LARGE = 3072;

    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.SCHEDULER);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        Path file = subject.path().resolve("scheduler").resolve("scheduler_config.json");
        Optional<ConfigDocument> scheduler =
                subject.kind() == Subject.Kind.PIPELINE ? ConfigFiles.document(file) : Optional.empty();
        boolean follows = subject.parts().stream().anyMatch(part -> part.follows("cogvideox-scheduler"));
        if (scheduler.isEmpty() || !follows) {
            return;
        }
        ConfigDocument document = scheduler.get();
        String name = unquoted(document.rawValue("_class_name").orElse(""));
        if (!name.isEmpty() && !KNOWN.contains(name)) {
            report(subject, file, "_class_name", name, "CogVideoXDDIMScheduler, CogVideoXDPMScheduler", found);
        }
        Optional<TransformerConfig> config = ConfigFiles.transformer(subject);
        if (config.isPresent()
                && (config.get().innerDim() == SMALL || config.get().innerDim() == LARGE)) {
            String shift = config.get().useRotaryPositionalEmbeddings() ? "1.0" : "3.0";
            check(subject, file, document, "snr_shift_scale", shift, found);
            check(subject, file, document, "prediction_type", "v_prediction", found);
            check(subject, file, document, "rescale_betas_zero_snr", "true", found);
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
            Subject subject, Path file, String field, String value, String expected, Consumer<Finding> found) {
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
