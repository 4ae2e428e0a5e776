package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.cuda.UserCache;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.device.KernelChoice;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.AttentionShape;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.ConvolutionShape;
import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.prediction.TransformerPredictor;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.internal.sampling.OffloadPlan.OffloadPart;
import io.github.cogvideo4j.inference.internal.text.T5Encoder;
import io.github.cogvideo4j.inference.internal.text.TextEncoder;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import io.github.cogvideo4j.inference.internal.transformer.TransformerModel;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.internal.weights.Weights.DeviceBytes;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The parts of a model's folder, each opened when it is first needed. Weights are mapped, so opening is
/// quick; the text encoder can be let go once the prompts are encoded and is opened again for the next ones.
///
/// They know nothing of the kind of a generation and of its sampler: a [VideoGenerator] for each shares them.
public final class Components implements AutoCloseable {
    private final Path model;
    private final PipelineOptions options;
    private final ComputeDevice device;
    private final ModelDescription description;
    private final TransformerModel transformer;
    private final CogVideoXVae vae;
    private final List<Problem> warnings;
    private final CopyLane.Maker lanes;
    private final Optional<KernelChoice> kernels;
    private Optional<TextEncoder> textEncoder = Optional.empty();
    private Offload offload = Offload.NONE;
    private Optional<OffloadPart> turn = Optional.empty();
    private ComputeOptions compute;

    private Components(
            Path model,
            PipelineOptions options,
            ComputeDevice device,
            ModelDescription description,
            TransformerModel transformer,
            CogVideoXVae vae,
            List<Problem> warnings,
            CopyLane.Maker lanes,
            Optional<KernelChoice> kernels) {
        this.model = model;
        this.options = options;
        this.device = device;
        this.description = description;
        this.transformer = transformer;
        this.vae = vae;
        this.warnings = List.copyOf(warnings);
        this.lanes = lanes;
        this.kernels = kernels;
        this.compute = options.compute();
    }

    /// Opens a model's folder.
    ///
    /// @param options how it is loaded; their sampler is left to the generators
    /// @throws InvalidModelException `component-missing` when a part is not there
    public static Components open(Path model, PipelineOptions options) throws IOException {
        ComputeDevice device = ComputeDevice.start(options.compute());
        DeviceChoices.check(options.compute(), device);
        Optional<KernelChoice> kernels = device.cudaIndex().isPresent()
                ? Optional.of(KernelChoice.on(
                        device, options.compute().precision(), UserCache.folder(Map.copyOf(System.getenv()))))
                : Optional.empty();
        return open(model, options, device, CopyLane.of(device), kernels);
    }

    /// Opens a model's folder for a device.
    ///
    /// @param lanes   the way of streamed weights to the device
    /// @param kernels how kernels are chosen, where there is a choice
    static Components open(
            Path model,
            PipelineOptions options,
            ComputeDevice device,
            CopyLane.Maker lanes,
            Optional<KernelChoice> kernels)
            throws IOException {
        Optional<Problem> passedOver = device.note(options.compute().device());
        Precision precision = options.compute().precision();
        ModelDescription description = ModelDescription.read(model, options);
        CogVideoXVae vae = CogVideoXVae.load(model.resolve("vae"), precision, device);
        try {
            Adapters adapters = Adapters.fuse(description.weights(), options.loras());
            TransformerModel transformer = TransformerModel.open(
                    description.weights(),
                    description.config(),
                    adapters.weights(),
                    precision,
                    device,
                    options.weights());
            return new Components(
                    model,
                    options,
                    device,
                    description,
                    transformer,
                    vae,
                    Stream.concat(passedOver.stream(), adapters.warnings().stream())
                            .toList(),
                    lanes,
                    kernels);
        } catch (RuntimeException | IOException e) {
            vae.close();
            throw e;
        }
    }

    PipelineOptions options() {
        return options;
    }

    ComputeDevice device() {
        return device;
    }

    /// What is worth saying of the adapters that were added to the transformer.
    List<Problem> warnings() {
        return warnings;
    }

    /// What its folder says of it.
    ModelDescription description() {
        return description;
    }

    /// The type in which all components compute.
    Precision precision() {
        return options.compute().precision();
    }

    /// The transformer's configuration.
    TransformerConfig config() {
        return description.config();
    }

    TransformerModel transformer() {
        return transformer;
    }

    /// The transformer as a predictor of a run.
    ///
    /// @param cache the run's cache; the caller closes it
    /// @param work  counts what is computed
    /// @param probe sees the first prediction as `transformer_out_step0`, and each attention that is computed
    ///              as `step.N.block.M.attn1.hidden`
    NoisePredictor predictor(StepCache cache, BlockWork work, TensorProbe probe) {
        NoisePredictor predictor =
                new TransformerPredictor(transformer.transformer(), cache, work, (name, activation) -> {
                    if (name.startsWith("transformer_out") || name.endsWith(".attn1.hidden")) {
                        probe.see(name, activation);
                    }
                });
        return query -> {
            turn(OffloadPart.TRANSFORMER);
            return predictor.predict(query);
        };
    }

    CogVideoXVae vae() {
        return vae;
    }

    /// Chooses the kernels of a run, which computes with them from now on.
    void chooseKernels(AttentionShape attention, ConvolutionShape convolution) {
        compute = kernels.map(choice -> choice.made(options.compute(), attention, convolution))
                .orElse(options.compute());
        Kernels.use(compute.attention(), compute.cudnnBenchmark().orElse(false));
    }

    /// What the latest run was computed with: what was asked for, and what was chosen.
    ComputeOptions compute() {
        return compute;
    }

    /// The autoencoder, about to compute.
    CogVideoXVae vaeInTurn() {
        turn(OffloadPart.VAE);
        return vae;
    }

    /// Says which weights stay on the device from now on.
    void place(Offload value) {
        if (offload != value) {
            leaveDevice();
            offload = value;
            transformer.setComesAndGoes(value != Offload.NONE);
        }
    }

    /// Makes room for a part that is about to compute: where weights do not all stay, the others leave.
    private void turn(OffloadPart part) {
        if (offload == Offload.NONE || turn.equals(Optional.of(part))) {
            return;
        }
        leaveDevice();
        if (offload == Offload.STREAM && part == OffloadPart.TRANSFORMER) {
            transformer.stream(lanes);
        }
        turn = Optional.of(part);
    }

    /// Frees all that is on another device than the CPU. What is used again comes back.
    void leaveDevice() {
        turn = Optional.empty();
        if (offload != Offload.NONE || !device.isCpu()) {
            releaseTextEncoder();
        }
        transformer.leaveDevice();
        vae.leaveDevice();
        device.emptyCache();
    }

    /// The bytes that are on the device now and can leave it.
    long residentBytes() {
        return transformer.residentBytes()
                + vae.residentBytes()
                + textEncoder.map(TextEncoder::residentBytes).orElse(0L);
    }

    /// The bytes of the text encoder's weights on a device with memory of its own.
    DeviceBytes textEncoderOnDevice() {
        try (WeightStore weights = WeightStore.open(model.resolve("text_encoder"))) {
            return weights.in(precision(), device).onDevice(T5Encoder.LAYERS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The bytes of the text encoder's weights where they are used.
    long textEncoderBytes() {
        try (WeightStore weights = WeightStore.open(model.resolve("text_encoder"))) {
            return weights.in(precision(), device).byteLength();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The bytes of the transformer's weights where they are used.
    long transformerBytes() {
        return transformer.weightBytes();
    }

    /// The bytes of the VAE's weights where they are used.
    long vaeBytes() {
        return vae.weightBytes();
    }

    /// The text encoder, opened when it is not.
    TextEncoder textEncoder() {
        turn(OffloadPart.TEXT_ENCODER);
        if (textEncoder.isEmpty()) {
            try {
                textEncoder = Optional.of(TextEncoder.open(model, precision(), device));
                if (offload == Offload.STREAM) {
                    textEncoder.get().stream(lanes);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return textEncoder.get();
    }

    /// Lets the text encoder go.
    void releaseTextEncoder() {
        textEncoder.ifPresent(TextEncoder::close);
        textEncoder = Optional.empty();
    }

    @Override
    public void close() {
        releaseTextEncoder();
        transformer.close();
        vae.close();
    }
}
