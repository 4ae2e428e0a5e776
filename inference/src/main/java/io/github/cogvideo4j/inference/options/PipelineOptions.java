package io.github.cogvideo4j.inference.options;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// The options of loading a model. Start from [#defaults()] and change what differs.
///
/// @param compute     what all components compute in and on
/// @param vae         how videos are encoded and decoded
/// @param transformer instead of the model's own: a component's folder, a weight file or a training
///                    checkpoint that was never converted
/// @param loras       adapters, added in this order
/// @param scheduler   which scheduler; the one that the model's folder names when empty
/// @param spacing     how its timesteps are spread; as the model's folder says when empty
/// @param sampler     how a stock scheduler differs from what it does by itself
/// @param weights     how the weights of the transformer's linear layers are kept
/// @param checkMemory whether a generation that cannot fit into memory is refused before it starts
public record PipelineOptions(
        ComputeOptions compute,
        VaeOptions vae,
        Optional<Path> transformer,
        List<LoraChoice> loras,
        Optional<SchedulerChoice> scheduler,
        Optional<TimestepSpacing> spacing,
        SamplerOptions sampler,
        WeightFormat weights,
        boolean checkMemory) {
    /// Copies the list.
    public PipelineOptions {
        loras = List.copyOf(loras);
    }

    /// bfloat16 on the best device that there is, with all processors, and everything else as the model has it.
    public static PipelineOptions defaults() {
        return new PipelineOptions(
                ComputeOptions.defaults(),
                VaeOptions.defaults(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                SamplerOptions.defaults(),
                WeightFormat.DENSE,
                true);
    }

    /// With another type of computation, device or number of threads.
    public PipelineOptions withCompute(ComputeOptions value) {
        return new PipelineOptions(value, vae, transformer, loras, scheduler, spacing, sampler, weights, checkMemory);
    }

    /// With another way to encode and decode videos.
    public PipelineOptions withVae(VaeOptions value) {
        return new PipelineOptions(
                compute, value, transformer, loras, scheduler, spacing, sampler, weights, checkMemory);
    }

    /// With the transformer's weights from somewhere else.
    public PipelineOptions withTransformer(Path value) {
        return new PipelineOptions(
                compute, vae, Optional.of(value), loras, scheduler, spacing, sampler, weights, checkMemory);
    }

    /// With these adapters.
    public PipelineOptions withLoras(List<LoraChoice> value) {
        return new PipelineOptions(compute, vae, transformer, value, scheduler, spacing, sampler, weights, checkMemory);
    }

    /// With another scheduler than the model's.
    public PipelineOptions withScheduler(SchedulerChoice value) {
        return new PipelineOptions(
                compute, vae, transformer, loras, Optional.of(value), spacing, sampler, weights, checkMemory);
    }

    /// With other timesteps than the model's.
    public PipelineOptions withSpacing(TimestepSpacing value) {
        return new PipelineOptions(
                compute, vae, transformer, loras, scheduler, Optional.of(value), sampler, weights, checkMemory);
    }

    /// With the scheduler that the model's folder names, as it is there. What is left says how a model is opened: once
    /// open, it makes videos with any scheduler.
    public PipelineOptions withOwnScheduler() {
        return new PipelineOptions(
                compute,
                vae,
                transformer,
                loras,
                Optional.empty(),
                Optional.empty(),
                SamplerOptions.defaults(),
                weights,
                checkMemory);
    }

    /// With or without the refusal of what cannot fit into memory.
    public PipelineOptions withCheckMemory(boolean value) {
        return new PipelineOptions(compute, vae, transformer, loras, scheduler, spacing, sampler, weights, value);
    }

    /// With the weights of the transformer's linear layers in another format.
    public PipelineOptions withWeights(WeightFormat value) {
        return new PipelineOptions(compute, vae, transformer, loras, scheduler, spacing, sampler, value, checkMemory);
    }

    /// With another behaviour of a stock scheduler.
    public PipelineOptions withSampler(SamplerOptions value) {
        return new PipelineOptions(compute, vae, transformer, loras, scheduler, spacing, value, weights, checkMemory);
    }

    /// The formats in which the weights of the transformer's linear layers are kept in memory.
    public enum WeightFormat {
        /// As they are used, in the model's own type.
        DENSE,
        /// Eight-bit floats (e4m3), cast to the type of computation when they are used. Equal to diffusers'
        /// layerwise casting: time embeddings, attention and feed-forward, with their biases.
        FP8,
        /// Eight-bit integers with a scale for each output channel. Equal to torchao's weight-only quantization:
        /// every linear layer, without its bias.
        INT8
    }

    /// An adapter that is added to the transformer's weights when they are loaded.
    ///
    /// @param path  a LoRA file, or a folder that holds one
    /// @param scale how strongly it counts; 1 is as it was trained
    /// @param alpha the alpha that it was trained with, where the file does not say; without it a LoRA file without
    ///              alpha applies at weight 1
    public record LoraChoice(Path path, double scale, OptionalDouble alpha) {
        /// An adapter as its file describes it.
        public LoraChoice(Path path, double scale) {
            this(path, scale, OptionalDouble.empty());
        }
    }
}
