package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.pipeline.SchedulerChoice;
import io.github.cogvideo4j.inference.pipeline.SpacingChoice;
import io.github.cogvideo4j.inference.runtime.Precision;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// The words that options of `generate` take.
public final class GenerationChoices {
    private GenerationChoices() {}

    /// `--generate-type`.
    public enum Kind {
        /// Text to video.
        T2V,
        /// Image to video.
        I2V,
        /// Video to video.
        V2V
    }

    /// `--preset`.
    public enum Preset {
        /// What the model's own files say.
        MODEL,
        /// What CogVideo's `cli_demo.py` forces.
        CLI_DEMO
    }

    /// What `vae` does.
    public enum Coding {
        /// A video to latents.
        ENCODE,
        /// Latents to a video.
        DECODE,
        /// Both, one after the other.
        BOTH
    }

    /// For the mode of `vae`.
    public static final class CodingWord extends ChoiceConverter<Coding> {
        /// Called by picocli.
        public CodingWord() {
            super(Coding.values(), Map.of());
        }
    }

    /// For `--generate-type`.
    public static final class KindWord extends ChoiceConverter<Kind> {
        /// Called by picocli.
        public KindWord() {
            super(Kind.values(), Map.of());
        }
    }

    /// For `--scheduler`, by the short name or by the class's in diffusers.
    public static final class SamplerWord extends ChoiceConverter<SchedulerChoice> {
        /// Called by picocli.
        public SamplerWord() {
            super(
                    words(Map.entry("ddim", SchedulerChoice.DDIM), Map.entry("dpm", SchedulerChoice.DPM)),
                    Map.of(
                            "model", SchedulerChoice.MODEL,
                            "cogvideoxddimscheduler", SchedulerChoice.DDIM,
                            "cogvideoxdpmscheduler", SchedulerChoice.DPM));
        }
    }

    /// For `--timestep-spacing`.
    public static final class SpacingWord extends ChoiceConverter<SpacingChoice> {
        /// Called by picocli.
        public SpacingWord() {
            super(
                    words(
                            Map.entry("trailing", SpacingChoice.TRAILING),
                            Map.entry("leading", SpacingChoice.LEADING),
                            Map.entry("linspace", SpacingChoice.LINSPACE)),
                    Map.of("model", SpacingChoice.MODEL));
        }
    }

    @SafeVarargs
    private static <T> SequencedMap<String, T> words(Map.Entry<String, T>... entries) {
        SequencedMap<String, T> words = new LinkedHashMap<>();
        for (Map.Entry<String, T> entry : entries) {
            words.put(entry.getKey(), entry.getValue());
        }
        return words;
    }

    /// For `--preset`.
    public static final class PresetWord extends ChoiceConverter<Preset> {
        /// Called by picocli.
        public PresetWord() {
            super(
                    words(Map.entry("cli-demo", Preset.CLI_DEMO)),
                    Map.of("cli_demo", Preset.CLI_DEMO, "model", Preset.MODEL));
        }
    }

    /// For `--dtype`, in the short spelling and in torch's.
    public static final class PrecisionWord extends ChoiceConverter<Precision> {
        /// Called by picocli.
        public PrecisionWord() {
            super(
                    Precision.values(),
                    Map.of("bfloat16", Precision.BF16, "float16", Precision.FP16, "float32", Precision.FP32));
        }
    }
}
