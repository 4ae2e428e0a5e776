package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import io.github.cogvideo4j.inference.internal.weights.Weights.DeviceBytes;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// A transformer with the weights that it holds open: of a model's `transformer` folder, or of a training
/// checkpoint that was never converted.
///
/// A checkpoint's weights are its fp32 master copies, cast to the precision of use when they are used. The
/// results are therefore those of a conversion to that precision, and in fp32 those of the master copies
/// themselves.
public final class TransformerModel implements AutoCloseable {
    private final Weights weights;
    private final CogVideoXTransformer transformer;

    private TransformerModel(Weights weights, CogVideoXTransformer transformer) {
        this.weights = weights;
        this.transformer = transformer;
    }

    /// Opens a diffusers folder with `config.json` and weights.
    ///
    /// @param folder    the component's folder, mostly `MODEL/transformer`
    /// @param precision the type in which it computes
    /// @param device    where it computes
    /// @throws InvalidModelException when the weights are not what the configuration asks for
    public static TransformerModel open(Path folder, Precision precision, ComputeDevice device) throws IOException {
        TransformerConfig config = TransformerConfig.read(folder.resolve("config.json"));
        return open(folder, config, List.of(), precision, device);
    }

    /// Opens weights wherever they are, as they are.
    public static TransformerModel open(
            Path path,
            TransformerConfig config,
            List<StoredTensor> replacements,
            Precision precision,
            ComputeDevice device)
            throws IOException {
        return open(path, config, replacements, precision, device, WeightFormat.DENSE);
    }

    /// Opens weights wherever they are.
    ///
    /// @param path         what [Checkpoints#open] takes: a component's folder, a checkpoint, a weight file
    /// @param config       the configuration, mostly the base model's
    /// @param replacements tensors that count instead of those with their names: an adapter fused into them
    /// @param precision    the type in which it computes
    /// @param device       where it computes
    /// @param format       how the weights of linear layers are kept
    /// @throws InvalidModelException when the weights are not what the configuration asks for
    public static TransformerModel open(
            Path path,
            TransformerConfig config,
            List<StoredTensor> replacements,
            Precision precision,
            ComputeDevice device,
            WeightFormat format)
            throws IOException {
        Checkpoint checkpoint = Checkpoints.open(path, SourceOptions.defaults());
        check(checkpoint, config, path);
        List<StoredTensor> tensors = new ArrayList<>(
                checkpoint.entries().stream().map(StateEntry::tensor).toList());
        tensors.addAll(replacements);
        WeightStore store = new WeightStore(path, tensors);
        try {
            Weights weights = store.in(precision, device, format);
            return new TransformerModel(weights, new CogVideoXTransformer(weights, config));
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private static void check(Checkpoint checkpoint, TransformerConfig config, Path path) {
        Set<String> buffers = checkpoint.entries().stream()
                .filter(entry -> entry.role() == Role.BUFFER)
                .map(StateEntry::name)
                .collect(Collectors.toSet());
        List<NamedShape> shapes = checkpoint.entries().stream()
                .map(entry -> NamedShape.of(entry.tensor()))
                .toList();
        ConfigCheck.Result result = ConfigCheck.compare(config, shapes, buffers::contains, Place.of(path));
        if (!result.fits()) {
            throw new InvalidModelException(result.errors().getFirst());
        }
    }

    /// The transformer.
    public CogVideoXTransformer transformer() {
        return transformer;
    }

    /// Its configuration.
    public TransformerConfig config() {
        return transformer.config();
    }

    /// The bytes of its weights where they are used.
    public long weightBytes() {
        return weights.byteLength();
    }

    /// The bytes that its weights take on a device with memory of its own.
    public DeviceBytes deviceBytes() {
        return weights.onDevice(CogVideoXTransformer.BLOCKS);
    }

    /// The bytes of its tensors that are on the device now, those of streamed blocks aside.
    public long residentBytes() {
        return weights.store().residentBytes();
    }

    /// Begins to bring the weights of blocks to the device one after the other, until they leave it.
    public void stream(CopyLane.Maker lanes) {
        transformer.stream().start(lanes);
    }

    /// Says whether its weights leave the device and come back.
    public void setComesAndGoes(boolean value) {
        weights.store().setComesAndGoes(value);
    }

    /// Frees what is on another device than the CPU. What is used again comes back.
    public void leaveDevice() {
        transformer.stream().stop();
        transformer.close();
        weights.store().leaveDevice();
    }

    /// The bytes of those that take memory of their own on the CPU: that do not lie in one piece and are put
    /// together when they are used, or are kept in a small format.
    public long ownBytes() {
        return weights.ownByteLength();
    }

    /// Frees weights and tables. Tensors that it computed remain.
    @Override
    public void close() {
        leaveDevice();
        weights.store().close();
    }
}
