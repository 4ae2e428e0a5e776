package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say where the results go.
public final class VideoOutputArguments {
    private static final String TRIAL = "trial.mp4";

    @Option(names = "--output-path", paramLabel = "FILE")
    private Optional<Path> output = Optional.empty();

    @Option(names = "--save-latents", paramLabel = "FILE")
    private Optional<Path> latents = Optional.empty();

    @Option(names = "--contact-sheet", arity = "0..1", paramLabel = "FILE", fallbackValue = "")
    private Optional<String> contactSheet = Optional.empty();

    @Option(names = "--preview-every", paramLabel = "N", defaultValue = "0")
    private int previewEvery;

    @Option(names = "--overwrite")
    private boolean overwrite;

    /// Where the results go.
    ///
    /// @param trial whether a trial is made, which has a usual name of its own
    /// @throws UsageException when the number of steps between previews is none
    public GenerationOutputs outputs(boolean trial) {
        // A trial and the video that it is made for do not stand in each other's way.
        Path video = output.orElse(Path.of(trial ? TRIAL : GenerationOutputs.USUAL_VIDEO));
        if (previewEvery < 0) {
            throw new UsageException("cli.generate.preview", previewEvery);
        }
        return new GenerationOutputs(
                video,
                latents,
                contactSheet.map(file -> file.isEmpty() ? GenerationOutputs.contactSheetBeside(video) : Path.of(file)),
                previewEvery,
                overwrite);
    }
}
