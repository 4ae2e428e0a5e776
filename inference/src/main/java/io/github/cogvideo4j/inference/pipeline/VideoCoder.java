package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.DeviceOwner;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampling.EncodedFile;
import io.github.cogvideo4j.inference.internal.sampling.HostTensors;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.internal.vae.VaeProgress;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The autoencoder of a model by itself: a video to latents and back. The numbers are those of CogVideo's
/// `cli_vae_demo.py`, which feeds values from 0 to 1, without the scaling factor, and takes what comes out as
/// such.
public final class VideoCoder implements AutoCloseable {
    /// The name of the latents in their file.
    public static final String TENSOR = EncodedFile.TENSOR;

    private static final double HIGHEST = 255;
    /// Far beyond any encoder's.
    private static final int LARGEST_SIDE = 1 << 20;

    private final CogVideoXVae vae;
    private final Precision precision;
    private final ComputeDevice device;
    private final int threads;

    private VideoCoder(CogVideoXVae vae, Precision precision, ComputeDevice device, int threads) {
        this.vae = vae;
        this.precision = precision;
        this.device = device;
        this.threads = threads;
    }

    /// Loads an autoencoder.
    ///
    /// @param folder a model's folder, or its `vae` folder
    public static VideoCoder load(Path folder, ComputeOptions compute) throws IOException {
        ComputeDevice device = ComputeDevice.start(compute);
        Path component = folder.resolve("vae");
        CogVideoXVae vae =
                CogVideoXVae.load(Files.isDirectory(component) ? component : folder, compute.precision(), device);
        return new VideoCoder(vae, compute.precision(), device, compute.threads());
    }

    /// Checks, before anything is computed, that what a video becomes when it is encoded and decoded again can
    /// be written.
    ///
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `encoder` when it cannot
    public void checkOutput(Path output, Video video, double framesPerSecond) {
        int ratio = vae.config().spatialRatio();
        checkOutput(output, (long) video.height() / ratio, (long) video.width() / ratio, framesPerSecond);
    }

    /// The same for latents that are decoded.
    public void checkOutput(Path output, HostTensor latents, double framesPerSecond) {
        long[] shape = latents.shape();
        checkOutput(output, shape[3], shape[4], framesPerSecond);
    }

    private void checkOutput(Path output, long latentHeight, long latentWidth, double framesPerSecond) {
        int ratio = vae.config().spatialRatio();
        VideoFormat.checkFrames(
                output,
                Math.clamp(latentHeight * ratio, 0, LARGEST_SIDE),
                Math.clamp(latentWidth * ratio, 0, LARGEST_SIDE),
                framesPerSecond);
    }

    /// Encodes a video, tile by tile.
    ///
    /// @param seed of the noise that is drawn
    /// @return `[1, latent channels, latent frames, height, width]`
    public HostTensor encode(Video video, long seed) {
        try (DeviceOwner.Lease _ = DeviceOwner.acquire(threads, () -> false);
                PointerScope _ = new PointerScope();
                var _ = Torch.inferenceMode()) {
            Tensor values = NativeMemory.view(
                            video.pixels(),
                            ScalarType.Byte,
                            1,
                            video.frames(),
                            video.height(),
                            video.width(),
                            Video.CHANNELS)
                    .permute(0, 4, 1, 2, 3)
                    .to(ScalarType.Float)
                    .div(new Scalar(HIGHEST));
            Tensor encoded = vae.encode(device.put(values, precision), new VaeOptions(true, true), VaeProgress.NONE)
                    .sample(torch.createCPUGenerator(seed));
            return HostTensors.copyOf(encoded);
        }
    }

    /// Decodes latents.
    ///
    /// @param latents `[1, latent channels, latent frames, height, width]`
    /// @param tiling  whether tile by tile
    public Video decode(HostTensor latents, boolean tiling, double framesPerSecond) {
        try (DeviceOwner.Lease _ = DeviceOwner.acquire(threads, () -> false);
                PointerScope _ = new PointerScope();
                var _ = Torch.inferenceMode()) {
            Tensor decoded = vae.decode(device.put(HostTensors.view(latents), precision), new VaeOptions(tiling, true))
                    .to(ScalarType.Float)
                    .clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0)));
            Video video = Video.allocate(
                    Math.toIntExact(decoded.size(2)),
                    Math.toIntExact(decoded.size(3)),
                    Math.toIntExact(decoded.size(4)),
                    framesPerSecond);
            Tensor pixels = NativeMemory.view(
                    video.pixels(), ScalarType.Byte, video.frames(), video.height(), video.width(), Video.CHANNELS);
            pixels.copy_(decoded.select(0, 0)
                    .permute(1, 2, 3, 0)
                    .mul(new Scalar(HIGHEST))
                    .to(ScalarType.Byte));
            return video;
        }
    }

    /// Reads latents that were written before: a safetensors file with a tensor `encoded`, or a file of
    /// `torch.save` that is one tensor, as CogVideo's `cli_vae_demo.py` makes it.
    ///
    /// @return `[1, latent channels, latent frames, height, width]`; the caller closes them
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `video` when the file holds anything else
    public HostTensor readLatents(Path file) throws IOException {
        return new EncodedFile(file, vae.config().latentChannels()).read();
    }

    @Override
    public void close() {
        vae.close();
    }
}
