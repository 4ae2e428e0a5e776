package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The image or video that a generation starts from, or the video that controls it, read and held while it
/// runs.
public record JobInput(Optional<Image> image, Optional<Video> video) implements AutoCloseable {
    /// Reads a prompt's input.
    ///
    /// @throws InvalidRequestException `request` when there is none and the kind needs one, or the other way
    /// round
    public static JobInput read(PromptInput prompt, GenerationKind kind) throws IOException {
        if (kind == GenerationKind.T2V) {
            if (prompt.input().isPresent()) {
                throw refused(
                        "inference.request.surplus-input", kind, prompt.input().get());
            }
            return new JobInput(Optional.empty(), Optional.empty());
        }
        Path file = prompt.input()
                .orElseThrow(() -> kind == GenerationKind.CONTROL
                        ? refused("inference.request.no-control")
                        : refused("inference.request.no-input", kind));
        return kind == GenerationKind.I2V
                ? new JobInput(Optional.of(Image.read(file)), Optional.empty())
                : new JobInput(Optional.empty(), Optional.of(Video.read(file)));
    }

    /// Reads the video that is continued.
    public static JobInput continued(PromptInput prompt) throws IOException {
        Path file = prompt.input().orElseThrow(() -> refused("inference.request.no-extended"));
        return new JobInput(Optional.empty(), Optional.of(Video.read(file)));
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    @Override
    public void close() {
        image.ifPresent(Image::close);
        video.ifPresent(Video::close);
    }
}
