package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// The check, before anything long begins, that results can be put where they are to go.
public final class OutputCheck {
    private OutputCheck() {}

    /// Refuses places where something is that may not be replaced, and one place for two results.
    public static void check(GenerationRequest request) throws IOException {
        Set<Path> seen = new HashSet<>();
        for (int number = 1; number <= request.videos(); number++) {
            GenerationOutputs files = request.outputs().of(number, request.videos());
            for (Path file : files.files().toList()) {
                if (!seen.add(file.toAbsolutePath().normalize())) {
                    throw new InvalidRequestException(
                            ProblemCode.REQUEST, Place.of(file), "inference.request.same-place");
                }
            }
            check(files);
        }
    }

    private static void check(GenerationOutputs files) throws IOException {
        VideoFormat.check(files.video(), files.overwrite());
        OutputFile.check(files.record(), files.overwrite());
        if (files.latents().isPresent()) {
            TensorFile.check(files.latents().get(), files.overwrite());
        }
        if (files.contactSheet().isPresent()) {
            OutputFile.check(files.contactSheet().get(), files.overwrite());
        }
    }

    /// Refuses a size that the format cannot hold, and previews that are there already.
    public static void check(GenerationOutputs files, GenerationPlan plan) throws IOException {
        VideoFormat.checkFrames(files.video(), plan.height(), plan.width(), plan.framesPerSecond());
        for (int step = 1; step < plan.steps(); step++) {
            if (files.hasPreview(step, plan.steps())) {
                OutputFile.check(files.preview(step), files.overwrite());
            }
        }
    }
}
