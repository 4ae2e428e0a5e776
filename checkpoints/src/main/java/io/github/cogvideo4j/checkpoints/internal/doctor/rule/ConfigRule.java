package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ConfigFiles;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/// A component's configuration: whether it is there and makes sense.
public final class ConfigRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.CONFIG_MISSING, ProblemCode.CONFIG_INVALID);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        for (Part part : subject.parts()) {
            ComponentFolder folder = part.files();
            boolean needed = part.trained() || !folder.groups().isEmpty();
            if (needed && folder.config().isEmpty() && folder.untidyConfig().isEmpty()) {
                found.accept(Finding.of(
                                Severity.ERROR,
                                Problem.of(
                                        ProblemCode.CONFIG_MISSING,
                                        Place.of(folder.folder()),
                                        "checkpoints.config.absent",
                                        "config.json"))
                        .withRemedy(new Remedy.CopyFromBase(
                                part.component().folder() + "/config.json", folder.folder(), false)));
            }
            for (Path file : folder.config().filter(Files::isReadable).stream().toList()) {
                try {
                    if (part.isReadBy(ConfigFiles.TRANSFORMER)) {
                        TransformerConfig.read(file);
                    } else {
                        ConfigDocument.read(file);
                    }
                } catch (FormatException e) {
                    found.accept(Finding.of(Severity.ERROR, e.problem()));
                } catch (CheckpointException e) {
                    found.accept(Finding.of(Severity.ERROR, e.problem()));
                }
            }
        }
    }
}
