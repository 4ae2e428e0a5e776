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
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The pipeline's class against the transformer's input: one for images has twice the channels of one for text.
public final class PipelineClassRule implements Rule {
    private static final String IMAGE = "CogVideoXImageToVideoPipeline";
    private static final Set<String> TEXT = Set.of("CogVideoXPipeline", "CogVideoXVideoToVideoPipeline");

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
        if (image ? TEXT.contains(name.get()) : name.get().equals(IMAGE)) {
            found.accept(Finding.of(
                            Severity.ERROR,
                            Problem.of(
                                    ProblemCode.PIPELINE_CLASS,
                                    Place.of(subject.path().resolve(ModelFolder.INDEX)),
                                    "checkpoints.doctor.pipeline-class",
                                    name.get(),
                                    config.get().inChannels(),
                                    image ? IMAGE : "CogVideoXPipeline"))
                    .withRemedy(new Remedy.CopyFromBase(ModelFolder.INDEX, subject.path(), false)));
        }
    }
}
