package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;

/// The words that options of `generate` and its neighbours take.
public final class GenerationChoices {
    private GenerationChoices() {}

    /// `--preset`.
    public enum Preset {
        /// What the model's own files say.
        MODEL("model"),
        /// What CogVideo's `cli_demo.py` forces.
        CLI_DEMO("cli-demo");

        private final String word;

        Preset(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// `--enhance-prompt`: whether a language model rewrites prompts, and what becomes of them when it does not
    /// answer.
    public enum Enhancement {
        /// It does, or the command fails.
        TRUE,
        /// It does, or the prompts stay as they are, with a warning.
        TRY,
        /// It does not.
        FALSE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// The actions of `vae`.
    public enum Coding {
        /// A video to latents.
        ENCODE,
        /// Latents to a video.
        DECODE,
        /// Both, one after the other.
        BOTH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A seed of `--seed`.
    ///
    /// @param value the number
    /// @param drawn whether chance chose it: `random`
    public record Seed(long value, boolean drawn) {
        /// Small enough for other tools that take 32 bits, and to be typed again.
        private static final long BOUND = 1L << 32;

        static Seed draw() {
            return new Seed(new SecureRandom().nextLong(BOUND), true);
        }
    }

    /// The converter of `--seed`. `random` is drawn here, once for the command line.
    public static final class SeedWord implements ITypeConverter<Seed> {
        private static final String RANDOM = "random";

        @Override
        public Seed convert(String value) {
            if (value.strip().equalsIgnoreCase(RANDOM)) {
                return Seed.draw();
            }
            try {
                return new Seed(Long.parseLong(value.strip()), false);
            } catch (NumberFormatException _) {
                throw new WrongValueException("cli.usage.seed", value);
            }
        }
    }

    /// The converter of `--scheduler`, by any of a sampler's names or by its class in diffusers.
    public static final class SamplerWord implements ITypeConverter<SchedulerChoice>, Iterable<String> {
        private static final List<String> SHOWN = Arrays.stream(SchedulerChoice.values())
                .map(choice -> choice.id().toLowerCase(Locale.ROOT))
                .toList();

        @Override
        public SchedulerChoice convert(String value) {
            return SchedulerChoice.named(value)
                    .orElseThrow(() -> new WrongValueException("cli.usage.choice", value, SHOWN));
        }

        /// The words, for picocli's `${COMPLETION-CANDIDATES}`.
        @Override
        public Iterator<String> iterator() {
            return SHOWN.iterator();
        }
    }

    /// The converter of `--weights`, in the short spelling and in torch's.
    public static final class WeightWord extends ChoiceConverter<WeightFormat> {
        /// Called by picocli.
        public WeightWord() {
            super(WeightFormat.values(), Map.of("float8_e4m3fn", WeightFormat.FP8, "fp8_e4m3fn", WeightFormat.FP8));
        }
    }

    /// The converter of `--offload`.
    public static final class OffloadWord extends ChoiceConverter<Offload> {
        /// Called by picocli.
        public OffloadWord() {
            super(Offload.values(), Map.of());
        }
    }

    /// The converter of `--attention`.
    public static final class AttentionWord extends ChoiceConverter<AttentionKernel> {
        /// Called by picocli.
        public AttentionWord() {
            super(AttentionKernel.values(), Map.of());
        }
    }

    /// The converter of `--dtype`, in the short spelling and in torch's.
    public static final class PrecisionWord extends ChoiceConverter<Precision> {
        /// Called by picocli.
        public PrecisionWord() {
            super(
                    Precision.values(),
                    Map.of("bfloat16", Precision.BF16, "float16", Precision.FP16, "float32", Precision.FP32));
        }
    }
}
