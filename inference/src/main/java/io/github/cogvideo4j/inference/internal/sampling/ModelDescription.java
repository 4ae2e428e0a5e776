package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.ModelTraits;
import io.github.cogvideo4j.inference.internal.sampler.Sampler;
import io.github.cogvideo4j.inference.internal.vae.VaeConfig;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a model's folder says of the model in its configurations. No weight is looked at and nothing is computed for
/// it, so libtorch is not needed.
///
/// @param weights       where the transformer's weights are
/// @param config        the transformer's configuration
/// @param vae           the autoencoder's configuration
/// @param scheduler     the scheduler's configuration
/// @param pipelineClass the class that the model's index gives its pipeline; empty when the transformer is another one
///                      than the model's own
record ModelDescription(
        Path weights,
        TransformerConfig config,
        VaeConfig vae,
        ConfigDocument scheduler,
        Optional<String> pipelineClass) {
    private static final List<String> FOLDERS = List.of("tokenizer", "text_encoder", "transformer", "vae", "scheduler");

    /// Reads a model's folder.
    ///
    /// @throws InvalidModelException `component-missing`, `config-invalid`, or `pipeline-class` for another model
    static ModelDescription read(Path model, PipelineOptions options) throws IOException {
        ModelFolder folder = ModelFolder.read(model);
        requireCogVideoX(folder);
        for (String name : FOLDERS) {
            boolean replaced =
                    name.equals("transformer") && options.transformer().isPresent();
            if (!Files.isDirectory(model.resolve(name)) && !replaced) {
                throw new InvalidModelException(
                        Problem.of(ProblemCode.COMPONENT_MISSING, Place.of(model), "inference.pipeline.component", name)
                                .with(new Remedy.CopyFromBase(name, model.resolve(name), true)));
            }
        }
        ConfigDocument scheduler =
                ConfigDocument.read(model.resolve("scheduler").resolve("scheduler_config.json"));
        Path weights = options.transformer().orElse(model.resolve("transformer"));
        return new ModelDescription(
                weights,
                TransformerConfig.read(configFile(model, weights)),
                VaeConfig.read(model.resolve("vae").resolve("config.json")),
                scheduler,
                options.transformer().isPresent() ? Optional.empty() : folder.pipelineClass());
    }

    /// Refuses a model whose files of weights are not there or cannot be read.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException for the first of them
    void requireWeights(Path model) throws IOException {
        for (Path part : List.of(weights, model.resolve("vae"), model.resolve("text_encoder"))) {
            WeightStore.open(part).close();
        }
    }

    /// Refuses a pipeline of another model by its name, before details of its parts are told.
    private static void requireCogVideoX(ModelFolder folder) {
        ModelFolder.ListedComponent transformer = folder.components().get("transformer");
        String own = transformer == null ? "" : transformer.className();
        if (folder.isPipeline() && !own.isEmpty() && !own.equals(TransformerConfig.CLASS_NAME)) {
            throw new InvalidModelException(
                    ProblemCode.PIPELINE_CLASS,
                    Place.of(folder.path().resolve(ModelFolder.INDEX)),
                    "inference.pipeline.other-model",
                    folder.pipelineClass().orElse(""),
                    own);
        }
    }

    /// The configuration beside the weights, or the model's own: a training checkpoint has none.
    private static Path configFile(Path model, Path weights) {
        Path beside = weights.resolve("config.json");
        return Files.isRegularFile(beside)
                ? beside
                : model.resolve("transformer").resolve("config.json");
    }

    /// The sampler that options ask for: the model's own, or another one with its configuration.
    Sampler sampler(PipelineOptions options) {
        return Sampler.of(scheduler, options.scheduler(), options.spacing(), options.sampler());
    }

    /// What the model makes, and at which sizes.
    ///
    /// @param options which sampler
    ModelTraits traits(PipelineOptions options) {
        boolean inpaints = InputLayout.INPAINT.isOf(this);
        boolean image = InputLayout.IMAGE.isOf(this);
        boolean text = InputLayout.TEXT.isOf(this);
        List<GenerationKind> kinds = new ArrayList<>();
        if (inpaints || text) {
            kinds.add(GenerationKind.T2V);
        }
        if (inpaints || image) {
            kinds.add(GenerationKind.I2V);
        }
        if (inpaints || text) {
            kinds.add(GenerationKind.V2V);
        }
        if (InputLayout.CONTROL.isOf(this)) {
            kinds.add(GenerationKind.CONTROL);
            kinds.add(GenerationKind.CANNY);
        }
        return new SizeRules(config, vae)
                .traits(kinds, inpaints, inpaints || image, sampler(options).name());
    }
}
