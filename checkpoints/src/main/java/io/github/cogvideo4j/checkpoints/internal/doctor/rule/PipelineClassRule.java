package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ConfigFiles;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The pipeline's class against the transformer's input: one for images has twice the channels of one for text.
public final class PipelineClassRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.PIPELINE_CLASS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        Optional<String> name = subject.model().flatMap(ModelFolder::pipelineClass);
        Optional<TransformerConfig> config = ConfigFiles.transformer(subject);
        if (name.isEmpty() || config.isEmpty()) {
            return;
        }
        boolean image = config.get().isImageToVideo();
        List<String> fitting = pipelines(subject, image);
        if (pipelines(subject, !image).contains(name.get()) && !fitting.isEmpty()) {
            found.accept(Finding.of(
                            Severity.ERROR,
                            Problem.of(
                                    ProblemCode.PIPELINE_CLASS,
                                    Place.of(subject.path().resolve(ModelFolder.INDEX)),
                                    "checkpoints.doctor.pipeline-class",
                                    name.get(),
                                    config.get().inChannels(),
                                    fitting.getFirst()))
                    .withRemedy(new Remedy.CopyFromBase(ModelFolder.INDEX, subject.path(), false)));
        }
    }

    private static List<String> pipelines(Subject subject, boolean image) {
        return subject.parts().stream()
                .filter(part -> part.follows("cogvideox-pipeline-class"))
                .findFirst()
                .map(part -> part.facts(image ? "image_pipelines" : "text_pipelines"))
                .orElse(List.of());
    }
}
