package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import java.nio.file.Path;
import java.util.Optional;
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

    /// Where the results go.
    ///
    /// @throws UsageException when the number of steps between previews is none
    public GenerationOutputs outputs() {
        if (previewEvery < 0) {
            throw new UsageException("cli.generate.preview", previewEvery);
        }
        return new GenerationOutputs(
                output,
                latents,
                contactSheet.map(file -> file.isEmpty() ? GenerationOutputs.contactSheetBeside(output) : Path.of(file)),
                previewEvery,
                overwrite);
    }
}
