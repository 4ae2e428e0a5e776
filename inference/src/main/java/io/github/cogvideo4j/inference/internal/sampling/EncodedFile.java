package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/// The reader of an encoded video's latents: a safetensors file with a tensor [#TENSOR], or, as CogVideo's
/// `cli_vae_demo.py` writes it, a file of `torch.save` that is one tensor.
///
/// @param path     the file
/// @param channels how many channels the latents must have
public record EncodedFile(Path path, long channels) {
    /// The name of the latents in a safetensors file.
    public static final String TENSOR = "encoded";

    private static final int DIMENSIONS = 5;
    private static final long MOST_BYTES = 4L << 30;

    /// Reads `[1, channels, frames, height, width]`; whoever called closes it.
    ///
    /// @throws InvalidRequestException `video` when the file holds something else
    public HostTensor read() throws IOException {
        ContainerKind kind = ContainerKind.of(path);
        kind.requireWeights(path);
        StoredTensor stored = kind == ContainerKind.SAFETENSORS ? named() : bare();
        boolean latents = stored.shape().rank() == DIMENSIONS
                && stored.shape().size(0) == 1
                && stored.shape().size(1) == channels
                && !stored.shape().sizes().contains(0L);
        if (!latents) {
            throw refused("inference.pipeline.latents-shape", stored.shape(), channels);
        }
        if (stored.byteLength() > MOST_BYTES) {
            throw refused("inference.pipeline.latents-size", stored.byteLength(), MOST_BYTES);
        }
        Precision precision = Arrays.stream(Precision.values())
                .filter(type -> type.dtype() == stored.dtype())
                .findFirst()
                .orElseThrow(() -> refused("inference.pipeline.latents-type", stored.dtype()));
        return copy(stored, precision);
    }

    private StoredTensor named() throws IOException {
        return SafetensorsFile.open(path, Strictness.STRICT, new Warnings())
                .tensor(TENSOR)
                .orElseThrow(() -> refused(new Remedy.EncodeVideo(), "inference.pipeline.no-latents", TENSOR));
    }

    private StoredTensor bare() throws IOException {
        if (TorchFile.open(path, new Warnings()).root() instanceof TensorValue tensor) {
            return tensor.stored(TENSOR);
        }
        throw refused("inference.pipeline.not-one-tensor");
    }

    private HostTensor copy(StoredTensor stored, Precision precision) throws IOException {
        HostTensor latents = HostTensor.allocate(precision, stored.shape().toArray());
        try (FileStorageReader reader = new FileStorageReader()) {
            NativeMemory.fill(latents.values(), stored, reader);
            reader.verifyChecksums();
            if (!Torch.isFinite(HostTensors.view(latents))) {
                throw refused(Remedy.change(Remedy.Field.DTYPE, "fp32"), "inference.pipeline.latents-not-finite");
            }
            return latents;
        } catch (IOException | RuntimeException e) {
            latents.close();
            throw e;
        }
    }

    private InvalidRequestException refused(Remedy remedy, String key, Object... arguments) {
        return new InvalidRequestException(
                Problem.of(ProblemCode.VIDEO, Place.of(path), key, arguments).with(remedy));
    }

    private InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.VIDEO, Place.of(path), key, arguments);
    }
}
