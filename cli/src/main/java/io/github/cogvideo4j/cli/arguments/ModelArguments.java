package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/// The options of CogVideo's `convert_weight_sat2hf.py`, so that its command lines paste unchanged. Most of
/// them say what the weights prove; they are held against them.
public final class ModelArguments {
    @Option(names = "--transformer-ckpt-path", paramLabel = "PATH")
    private Optional<Path> transformer = Optional.empty();

    @Option(names = "--vae-ckpt-path", paramLabel = "PATH")
    private Optional<Path> vae = Optional.empty();

    @Option(names = "--output-path", paramLabel = "PATH")
    private Optional<Path> output = Optional.empty();

    @Option(names = "--with-vae")
    private boolean withVae;

    @Option(names = "--with-text-encoder")
    private boolean withTextEncoder;

    @Option(names = "--fp16")
    private boolean fp16;

    @Option(names = "--bf16")
    private boolean bf16;

    @Option(names = "--num-layers", paramLabel = "N")
    private Optional<Integer> layers = Optional.empty();

    @Option(names = "--num-attention-heads", paramLabel = "N")
    private Optional<Integer> heads = Optional.empty();

    @Option(names = "--use-rotary-positional-embeddings")
    private boolean rotary;

    @Option(names = "--i2v")
    private boolean imageToVideo;

    @Option(names = "--version", paramLabel = "1.0|1.5")
    private Optional<String> version = Optional.empty();

    @Option(names = "--scaling-factor", paramLabel = "X")
    private Optional<Double> scalingFactor = Optional.empty();

    @Option(names = "--snr-shift-scale", paramLabel = "X")
    private Optional<Double> snrShiftScale = Optional.empty();

    /// `--transformer-ckpt-path`.
    public Optional<Path> transformer() {
        return transformer;
    }

    /// `--vae-ckpt-path`.
    public Optional<Path> vae() {
        return vae;
    }

    /// `--output-path`.
    public Optional<Path> output() {
        return output;
    }

    /// Whether the VAE of the training state is converted, too.
    public boolean withVae() {
        return withVae;
    }

    /// Whether the text encoder of the training state is converted, too.
    public boolean withTextEncoder() {
        return withTextEncoder;
    }

    /// Whether anything is asked for that only a folder for diffusers has.
    public boolean givesComponents() {
        return vae.isPresent() || withVae || withTextEncoder;
    }

    /// The dtype that `--fp16` or `--bf16` asks for.
    ///
    /// @param given what `--dtype` asks for
    public Optional<TargetDType> dtype(Optional<TargetDType> given) {
        if ((fp16 && bf16) || (given.isPresent() && (fp16 || bf16))) {
            throw new UsageException("cli.usage.one-dtype");
        }
        if (fp16 || bf16) {
            return Optional.of(fp16 ? TargetDType.FP16 : TargetDType.BF16);
        }
        return given;
    }

    /// What is said about the model.
    ///
    /// @throws UsageException for a value that no model has
    public ModelClaims claims() {
        version.filter(said -> !said.equals("1.0") && !said.equals("1.5")).ifPresent(said -> {
            throw new UsageException("cli.usage.choice", "--version", said, "1.0, 1.5");
        });
        return new ModelClaims(
                whole(layers),
                whole(heads),
                rotary,
                imageToVideo,
                version,
                positive("--scaling-factor", scalingFactor),
                positive("--snr-shift-scale", snrShiftScale));
    }

    private static OptionalInt whole(Optional<Integer> value) {
        return value.map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    private static OptionalDouble positive(String option, Optional<Double> value) {
        value.filter(number -> !(number > 0 && number < Double.POSITIVE_INFINITY))
                .ifPresent(number -> {
                    throw new UsageException("cli.usage.wrong-value", option, number);
                });
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }
}
