package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.video.EdgeFilter;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What a generation starts from or is led by, read and held while it runs.
///
/// @param image     the first image
/// @param video     the video that is changed, or the control video
/// @param lastImage the last image
/// @param mask      where the video is made anew, in one frame or in each
public record JobInput(Optional<Image> image, Optional<Video> video, Optional<Image> lastImage, Optional<Video> mask)
        implements AutoCloseable {
    private static final JobInput NONE =
            new JobInput(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /// Reads a prompt's input.
    ///
    /// @throws InvalidRequestException `request` when there is none and the kind needs one, or the other way round
    public static JobInput read(PromptInput prompt, GenerationKind kind) throws IOException {
        if (prompt.lastImage().isPresent() && kind != GenerationKind.I2V) {
            throw refused("inference.request.last-image", kind);
        }
        if (prompt.mask().isPresent() && kind != GenerationKind.V2V) {
            throw refused("inference.request.mask", kind);
        }
        if (kind == GenerationKind.T2V) {
            if (prompt.input().isPresent()) {
                throw refused(
                        "inference.request.surplus-input", kind, prompt.input().get());
            }
            return NONE;
        }
        Path file = prompt.input()
                .orElseThrow(() -> kind.isControlled()
                        ? refused("inference.request.no-control")
                        : refused("inference.request.no-input", kind));
        JobInput first = kind == GenerationKind.I2V
                ? new JobInput(Optional.of(Image.read(file)), Optional.empty(), Optional.empty(), Optional.empty())
                : new JobInput(Optional.empty(), Optional.of(video(file, kind)), Optional.empty(), Optional.empty());
        try {
            Optional<Image> last = prompt.lastImage().isPresent()
                    ? Optional.of(Image.read(prompt.lastImage().get()))
                    : Optional.empty();
            // Only one of the two can be there: the kinds exclude each other.
            Optional<Video> mask =
                    prompt.mask().isPresent() ? Optional.of(mask(prompt.mask().get())) : Optional.empty();
            return new JobInput(first.image(), first.video(), last, mask);
        } catch (RuntimeException | IOException e) {
            first.close();
            throw e;
        }
    }

    private static Video video(Path file, GenerationKind kind) throws IOException {
        if (kind != GenerationKind.CANNY) {
            return Video.read(file);
        }
        try (Video video = Video.read(file)) {
            return EdgeFilter.edges(video);
        }
    }

    /// A mask, which may be a still image.
    private static Video mask(Path file) throws IOException {
        if (Files.isDirectory(file) || !Image.isStill(file)) {
            return Video.read(file);
        }
        try (Image image = Image.read(file)) {
            Video one = Video.allocate(1, image.height(), image.width(), 1);
            one.pixels().copyFrom(image.pixels());
            return one;
        }
    }

    /// Reads the video that is continued.
    public static JobInput continued(PromptInput prompt) throws IOException {
        Path file = prompt.input().orElseThrow(() -> refused("inference.request.no-extended"));
        return new JobInput(Optional.empty(), Optional.of(Video.read(file)), Optional.empty(), Optional.empty());
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    @Override
    public void close() {
        image.ifPresent(Image::close);
        video.ifPresent(Video::close);
        lastImage.ifPresent(Image::close);
        mask.ifPresent(Video::close);
    }
}
