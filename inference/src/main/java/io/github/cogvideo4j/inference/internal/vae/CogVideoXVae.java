package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import io.github.cogvideo4j.inference.internal.weights.Weights.DeviceBytes;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// The causal 3D autoencoder of CogVideoX (`AutoencoderKLCogVideoX`): videos to latents, a fourth of the
/// frames and an eighth of the height and width, and back.
///
/// The videos of a batch are done one after the other, and each in chunks: 2 latent frames when decoding, 8
/// frames when encoding, the first chunk with the remainder. What has been computed belongs to the caller's
/// scope.
public final class CogVideoXVae implements AutoCloseable {

    private final WeightStore store;
    private final VaeConfig config;
    private final Precision precision;
    private final ComputeDevice device;
    private final Coder decoder;
    private final Coder encoder;
    private final Optional<PointConv> quantConv;
    private final Optional<PointConv> postQuantConv;

    private CogVideoXVae(WeightStore store, VaeConfig config, Precision precision, ComputeDevice device) {
        Weights weights = store.in(precision, device);
        this.store = store;
        this.config = config;
        this.precision = precision;
        this.device = device;
        this.decoder = Coder.decoder(weights.at("decoder"), config);
        this.encoder = Coder.encoder(weights.at("encoder"), config);
        this.quantConv = pointConv(config.useQuantConv(), weights.at("quant_conv"), 2L * config.latentChannels());
        this.postQuantConv =
                pointConv(config.usePostQuantConv(), weights.at("post_quant_conv"), config.latentChannels());
    }

    private static Optional<PointConv> pointConv(boolean used, Weights weights, long channels) {
        return used ? Optional.of(new PointConv(weights, channels, channels)) : Optional.empty();
    }

    /// Opens a folder with `config.json` and weights.
    ///
    /// @param folder    the component's folder, mostly `MODEL/vae`
    /// @param precision the type in which it computes
    /// @param device    where it computes
    /// @throws InvalidModelException                                        when configuration and weights do
    ///                                                                      not make an autoencoder
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-missing`,
    ///                                                                     `config-invalid`, or no weights
    public static CogVideoXVae load(Path folder, Precision precision, ComputeDevice device) throws IOException {
        VaeConfig config = VaeConfig.read(folder.resolve("config.json"));
        Checkpoint checkpoint = Checkpoints.open(folder, SourceOptions.defaults());
        return of(WeightStore.of(folder, checkpoint), config, precision, device);
    }

    /// An autoencoder over weights, which it closes with itself.
    ///
    /// @throws InvalidModelException when a weight is missing or has another shape than the configuration says
    public static CogVideoXVae of(WeightStore store, VaeConfig config, Precision precision, ComputeDevice device) {
        try {
            return new CogVideoXVae(store, config, precision, device);
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /// Its configuration.
    public VaeConfig config() {
        return config;
    }

    /// The bytes of its weights where they are used.
    public long weightBytes() {
        return store.in(precision, device).byteLength();
    }

    /// The bytes that its weights take on a device with memory of its own.
    public DeviceBytes deviceBytes() {
        return store.in(precision, device).onDevice("");
    }

    /// The bytes of its tensors that are on the device now.
    public long residentBytes() {
        return store.residentBytes();
    }

    /// Frees what is on another device than the CPU. What is used again comes back.
    public void leaveDevice() {
        store.leaveDevice();
    }

    /// The type in which it computes.
    public Precision precision() {
        return precision;
    }

    /// Decodes latents that have been divided by the scaling factor.
    ///
    /// @param latents `[batch, latent channels, latent frames, height, width]`
    /// @return `[batch, 3, frames, 8 height, 8 width]`, around -1 to 1, in the model's type and on its device
    /// @throws InvalidRequestException `request` when the latents have other dimensions
    public Tensor decode(Tensor latents, VaeOptions options) {
        try (var _ = Torch.inferenceMode()) {
            return Scoped.tensor(() -> {
                VideoBatch batch = new VideoBatch(latents.size(0), config.videoFrames(latents.size(2)));
                decode(latents, options, batch, VaeProgress.NONE);
                return batch.videos();
            });
        }
    }

    /// Decodes latents and hands the frames out as they are done. With tiles, a video is done all at once.
    ///
    /// @param latents  `[batch, latent channels, latent frames, height, width]`
    /// @param consumer takes the frames
    /// @param progress called after each step; what it throws ends the work
    /// @throws InvalidRequestException `request` when the latents have other dimensions
    public void decode(Tensor latents, VaeOptions options, FrameConsumer consumer, VaeProgress progress) {
        decode(latents, options, consumer, progress, CodingState.VaeProbe.NONE);
    }

    void decode(
            Tensor latents,
            VaeOptions options,
            FrameConsumer consumer,
            VaeProgress progress,
            CodingState.VaeProbe probe) {
        if (!isBatch(latents, config.latentChannels(), 1)) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "inference.vae.latents",
                    Arrays.toString(latents.shape()),
                    config.latentChannels());
        }
        TileGrid grid = TileGrid.decoding(tiles(options), config.spatialRatio());
        new ChunkedCoding(
                        this::decodeChunk,
                        VaeConfig.LATENT_FRAMES,
                        options.tiling() ? Optional.of(grid) : Optional.empty())
                .run(latents, video -> device.put(video, precision), consumer, progress, probe);
    }

    private Tensor decodeChunk(Tensor latents, CodingState state) {
        return decoder.forward(postQuantConv.map(conv -> conv.forward(latents)).orElse(latents), state);
    }

    /// Encodes a video.
    ///
    /// @param video    `[batch, 3, frames, height, width]`, within -1 to 1
    /// @param progress called after each step; what it throws ends the work
    /// @return latents not yet multiplied with the scaling factor, `[batch, latent channels, latent frames,
    ///         height / 8, width / 8]`, in the model's type and on its device
    /// @throws InvalidRequestException `request` when the video has other dimensions or is smaller than 8 x 8
    public Posterior encode(Tensor video, VaeOptions options, VaeProgress progress) {
        try (var _ = Torch.inferenceMode()) {
            List<Tensor> result = Scoped.tensors(() -> {
                Posterior posterior = Posterior.of(parameters(video, options, progress, CodingState.VaeProbe.NONE));
                return List.of(posterior.mean(), posterior.logvar());
            });
            return new Posterior(result.getFirst(), result.getLast());
        }
    }

    /// Means and logarithms of variances as the encoder gives them, `[batch, 2 latent channels, ...]`.
    Tensor parameters(Tensor video, VaeOptions options, VaeProgress progress, CodingState.VaeProbe probe) {
        if (!isBatch(video, config.inChannels(), config.spatialRatio())) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "inference.vae.video",
                    Arrays.toString(video.shape()),
                    config.inChannels(),
                    config.spatialRatio());
        }
        TileGrid grid = TileGrid.encoding(tiles(options), config.spatialRatio());
        VideoBatch batch = new VideoBatch(video.size(0), config.latentFrames(video.size(2)));
        new ChunkedCoding(
                        this::encodeChunk,
                        VaeConfig.VIDEO_FRAMES,
                        options.tiling() ? Optional.of(grid) : Optional.empty())
                .run(video, part -> device.put(part, precision), batch, progress, probe);
        return batch.videos();
    }

    private Tensor encodeChunk(Tensor frames, CodingState state) {
        Tensor encoded = encoder.forward(frames, state);
        return quantConv.map(conv -> conv.forward(encoded)).orElse(encoded);
    }

    private static boolean isBatch(Tensor tensor, long channels, long least) {
        return tensor.dim() == 5
                && tensor.size(0) > 0
                && tensor.size(1) == channels
                && tensor.size(2) > 0
                && tensor.size(3) >= least
                && tensor.size(4) >= least;
    }

    Coder decoder() {
        return decoder;
    }

    Coder encoder() {
        return encoder;
    }

    private TileSize tiles(VaeOptions options) {
        return options.tiles().orElseGet(config::usualTiles);
    }

    /// Frees the weights. Tensors that it computed remain.
    @Override
    public void close() {
        store.close();
    }
}
