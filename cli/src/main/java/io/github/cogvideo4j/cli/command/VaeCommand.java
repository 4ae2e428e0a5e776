package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.cli.arguments.ComputeArguments;
import io.github.cogvideo4j.cli.arguments.GenerationChoices;
import io.github.cogvideo4j.cli.arguments.Needed;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.pipeline.VideoCoder;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo vae`: a video to latents and back, as CogVideo's `cli_vae_demo.py` does.
@Command(name = "vae")
public final class VaeCommand extends ConsoleCommand {
    private static final String LATENTS = "encoded.safetensors";
    private static final String VIDEO = "output.mp4";
    private static final double MOST_FRAMES_PER_SECOND = 1_000;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODE", descriptionKey = "MODE")
    private Optional<GenerationChoices.Coding> mode = Optional.empty();

    @Option(names = "--mode", paramLabel = "MODE")
    private Optional<GenerationChoices.Coding> modeOption = Optional.empty();

    @Option(
            names = {"--model", "--model-path"},
            paramLabel = "MODEL")
    private Optional<String> model = Optional.empty();

    @Option(names = "--video-path", paramLabel = "FILE")
    private Optional<Path> video = Optional.empty();

    @Option(names = "--encoded-path", paramLabel = "FILE")
    private Optional<Path> encoded = Optional.empty();

    @Option(names = "--output-path", paramLabel = "FOLDER", defaultValue = ".")
    private Path output = Path.of(".");

    @Mixin
    private final ComputeArguments compute = new ComputeArguments();

    @Option(names = "--vae-tiling")
    private boolean tiling;

    @Option(names = "--fps", paramLabel = "N", defaultValue = "8")
    private double fps = 8;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "42")
    private long seed = 42;

    @Option(names = "--overwrite")
    private boolean overwrite;

    VaeCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        Optional<GenerationChoices.Coding> asked = mode.or(() -> modeOption);
        boolean decodesOnly = asked.equals(Optional.of(GenerationChoices.Coding.DECODE));
        new Needed()
                .unless(asked.isPresent(), "MODE", "cli.vae.no-mode")
                .unless(model.isPresent(), "--model", "cli.generate.no-model")
                .unless(decodesOnly || video.isPresent(), "--video-path", "cli.vae.no-video")
                .unless(!decodesOnly || encoded.isPresent(), "--encoded-path", "cli.vae.no-latents")
                .check();
        return code(asked.orElseThrow(), model.orElseThrow());
    }

    private ExitCode code(GenerationChoices.Coding coding, String named) throws IOException {
        if (!(fps > 0 && fps <= MOST_FRAMES_PER_SECOND)) {
            throw new UsageException("cli.vae.fps", fps);
        }
        boolean encodes = coding != GenerationChoices.Coding.DECODE;
        boolean decodes = coding != GenerationChoices.Coding.ENCODE;
        Path latentsFile = encoded.orElse(output.resolve(LATENTS));
        Path videoFile = output.resolve(VIDEO);
        if (encodes) {
            TensorFile.check(latentsFile, overwrite);
        }
        if (decodes) {
            VideoFormat.check(videoFile, overwrite);
        }
        Path folder = ModelFolder.locate(named, Map.copyOf(System.getenv()));
        ObjectNode result = JsonFile.newObject();
        try (VideoCoder coder = VideoCoder.load(folder, compute.options());
                HostTensor latents = encodes
                        ? encode(coder, decodes ? Optional.of(videoFile) : Optional.empty())
                        : coder.readLatents(latentsFile)) {
            if (encodes) {
                TensorFile.write(latentsFile, overwrite, latents.entry(VideoCoder.TENSOR));
                console.print("cli.vae.encoded", latentsFile, latents);
                result.put("encoded", latentsFile.toString());
            }
            if (decodes) {
                coder.checkOutput(videoFile, latents, fps);
                try (Video decoded = coder.decode(latents, tiling, fps)) {
                    decoded.save(videoFile, overwrite);
                    console.print("cli.vae.decoded", videoFile, decoded.frames(), decoded.width(), decoded.height());
                    result.put("video", videoFile.toString());
                }
            }
        }
        console.result(result);
        return ExitCode.DONE;
    }

    /// @param decoded what is written of the latents later, when they are decoded as well
    private HostTensor encode(VideoCoder coder, Optional<Path> decoded) throws IOException {
        try (Video read = Video.read(video.orElseThrow())) {
            decoded.ifPresent(file -> coder.checkOutput(file, read, fps));
            return coder.encode(read, seed);
        }
    }
}
