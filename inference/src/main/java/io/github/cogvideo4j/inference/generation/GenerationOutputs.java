package io.github.cogvideo4j.inference.generation;

import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// The files that a generation writes. Of several videos each has its number before the ending: `video-1.mp4`,
/// `video-2.mp4`.
///
/// @param video        the video, in the format that its ending says; the record goes beside it, as
///                     `video.mp4.json`
/// @param latents      where the latents before, during and after denoising go
/// @param contactSheet where an image with some of the frames goes
/// @param previewEvery after how many steps the frame in the middle is decoded and written beside the video;
///                     0: never
/// @param overwrite    whether files that are there are replaced
public record GenerationOutputs(
        Path video, Optional<Path> latents, Optional<Path> contactSheet, int previewEvery, boolean overwrite) {
    /// The name of the video where none is given.
    public static final String USUAL_VIDEO = "output.mp4";

    /// Checks the number of steps.
    public GenerationOutputs {
        if (previewEvery < 0) {
            throw new IllegalArgumentException("a preview every " + previewEvery + " steps");
        }
    }

    /// The paths of a video and its record, neither of which exists yet.
    public static GenerationOutputs of(Path video) {
        return new GenerationOutputs(video, Optional.empty(), Optional.empty(), 0, false);
    }

    /// The files of one video of several.
    ///
    /// @param number which one, counted from 1
    /// @param count  how many there are
    public GenerationOutputs of(int number, int count) {
        Path numbered = numbered(video, number, count);
        return new GenerationOutputs(
                numbered,
                latents.map(file -> numbered(file, number, count)),
                // The one beside the video stays beside it.
                contactSheet.map(file -> file.equals(contactSheetBeside(video))
                        ? contactSheetBeside(numbered)
                        : numbered(file, number, count)),
                previewEvery,
                overwrite);
    }

    /// The record beside the video.
    public Path record() {
        return beside(video, ".json");
    }

    /// The preview that is written after a step.
    public Path preview(int step) {
        return beside(video, ".step-%03d.png".formatted(step));
    }

    /// Whether a preview is written after a step; none after the last, which the video shows.
    ///
    /// @param step  which step, counted from 1
    /// @param steps how many there are
    public boolean hasPreview(int step, int steps) {
        return previewEvery > 0 && step % previewEvery == 0 && step < steps;
    }

    /// The usual place of a contact sheet: `video.mp4.contact-sheet.png`.
    public static Path contactSheetBeside(Path video) {
        return beside(video, ".contact-sheet.png");
    }

    /// The files that are always written.
    public Stream<Path> files() {
        return Stream.concat(Stream.of(video, record()), Stream.concat(latents.stream(), contactSheet.stream()));
    }

    private static Path beside(Path video, String ending) {
        return video.resolveSibling(video.getFileName() + ending);
    }

    private static Path numbered(Path file, int number, int count) {
        if (count == 1) {
            return file;
        }
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        String stem = dot <= 0 ? name : name.substring(0, dot);
        return file.resolveSibling(stem + "-" + number + name.substring(stem.length()));
    }
}
