package io.github.cogvideo4j.checkpoints.layout;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import java.util.Set;
import java.util.regex.Pattern;

/// A component of a pipeline that has weights, by the name of its folder: `transformer`, `transformer_2`,
/// `unet`, `vae`, `text_encoder`, ...
///
/// @param folder       its folder in the pipeline
/// @param transformers whether the library transformers reads it, which wants files of other names than
///                     diffusers
public record Component(String folder, boolean transformers) {
    /// The diffusion transformer of most pipelines.
    public static final Component TRANSFORMER = new Component("transformer", false);

    /// The autoencoder.
    public static final Component VAE = new Component("vae", false);

    /// The text encoder.
    public static final Component TEXT_ENCODER = new Component("text_encoder", true);

    /// What components that transformers reads are called, each also with a number (`text_encoder_2`).
    private static final Set<String> OF_TRANSFORMERS =
            Set.of("text_encoder", "image_encoder", "safety_checker", "text_model", "llm", "mllm");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private static final Set<String> WITHOUT_WEIGHTS =
            Set.of("scheduler", "tokenizer", "feature_extractor", "image_processor", "processor");

    /// The component with this folder, where no `model_index.json` says what reads it.
    public static Component named(String folder) {
        return new Component(folder, OF_TRANSFORMERS.contains(folder.replaceFirst("_[0-9]+$", "")));
    }

    /// Whether a word can be the name of a component's folder, wherever it comes from.
    public static boolean isName(String word) {
        return NAME.matcher(word).matches();
    }

    /// Whether a folder of this name in a pipeline is of a component with weights.
    public static boolean mayHaveWeights(String folder) {
        return WITHOUT_WEIGHTS.stream().noneMatch(folder::startsWith);
    }

    /// What the names of its weight files with this ending begin with.
    public String stem(String extension) {
        return extension.equals("bin") ? binStem() : stem();
    }

    /// What the names of its weight files begin with.
    public String stem() {
        return transformers ? "model" : WeightFileName.DIFFUSERS_STEM;
    }

    /// The same of files in torch's format, which transformers calls otherwise.
    public String binStem() {
        return transformers ? "pytorch_model" : WeightFileName.DIFFUSERS_STEM;
    }

    /// The same as the folder: the word of the command line.
    @Override
    public String toString() {
        return folder;
    }
}
