package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.cli.generation.OutputNames;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/// The options that say where the results go.
public final class VideoOutputArguments {
    @Option(names = "--output-path", paramLabel = "FILE", defaultValue = "output.mp4")
    private Path output = Path.of("output.mp4");

    @Option(names = "--save-latents", paramLabel = "FILE")
    private Optional<Path> latents = Optional.empty();

    @Option(names = "--contact-sheet", arity = "0..1", paramLabel = "FILE", fallbackValue = "")
    private Optional<String> contactSheet = Optional.empty();

    @Option(names = "--preview-every", paramLabel = "N", defaultValue = "0")
    private int previewEvery;

    @Option(names = "--overwrite")
    private boolean overwrite;

    /// Where a video's results go.
    ///
    /// @param video   the video
    /// @param record  the JSON beside it
    /// @param latents the latents, when they are wanted
    /// @param sheet   the contact sheet, when it is wanted
    public record Places(Path video, Path record, Optional<Path> latents, Optional<Path> sheet) {
        private List<Path> all() {
            return Stream.concat(Stream.of(video, record), Stream.concat(latents.stream(), sheet.stream()))
                    .toList();
        }
    }

    /// Every how many steps a preview is wanted; 0 for none.
    public int previewEvery() {
        if (previewEvery < 0) {
            throw new UsageException("cli.generate.preview", previewEvery);
        }
        return previewEvery;
    }

    /// Where the results of one of several videos go.
    ///
    /// @param number which one, counted from 1
    /// @param count  how many there are
    public Places places(int number, int count) {
        Path video = OutputNames.of(output, number, count);
        return new Places(
                video,
                OutputNames.beside(video, ".json"),
                latents.map(file -> OutputNames.of(file, number, count)),
                contactSheet.map(file -> file.isEmpty()
                        ? OutputNames.beside(video, ".contact-sheet.png")
                        : OutputNames.of(Path.of(file), number, count)));
    }

    /// Refuses, before anything long begins, places where something is that may not be replaced, and one place
    /// for two results.
    public void check(Places places) throws IOException {
        Set<Path> seen = new HashSet<>();
        for (Path place : places.all()) {
            if (!seen.add(place.toAbsolutePath().normalize())) {
                throw new UsageException("cli.generate.same-place", place);
            }
        }
        VideoFormat.check(places.video(), overwrite);
        OutputFile.check(places.record(), overwrite);
        if (places.latents().isPresent()) {
            TensorFile.check(places.latents().get(), overwrite);
        }
        if (places.sheet().isPresent()) {
            OutputFile.check(places.sheet().get(), overwrite);
        }
    }
}
