package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.internal.preprocess.FrameTensors;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.vae.VaeProgress;
import io.github.cogvideo4j.inference.video.Video;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// The step from clean latents to frames, some frames at a time: a whole decoded video is never held as floats.
///
/// @param components      the model
/// @param framesPerSecond how fast the videos play
/// @param probe           sees the decoded frames
record Decoding(Components components, double framesPerSecond, TensorProbe probe) {
    /// Decodes latents.
    ///
    /// @param latents `[batch, frames, channels, height, width]`, without padding
    /// @return a video for each of the batch; the caller closes them
    List<Video> videos(Tensor latents, VaeProgress progress) {
        int ratio = components.vae().config().spatialRatio();
        int frames = Math.toIntExact(components.vae().config().videoFrames(latents.size(1)));
        int height = Math.toIntExact(latents.size(3) * ratio);
        int width = Math.toIntExact(latents.size(4) * ratio);
        List<Video> videos = new ArrayList<>();
        try {
            for (int i = 0; i < latents.size(0); i++) {
                videos.add(Video.allocate(frames, height, width, framesPerSecond));
            }
            Scoped.run(() -> components
                    .vaeInTurn()
                    .decode(
                            unscaled(latents),
                            components.options().vae(),
                            (video, first, decoded) -> {
                                probe.see("decoded." + video, decoded);
                                FrameTensors.write(
                                        decoded, videos.get(video), first, FrameTensors.Rounding.NEAREST_EVEN);
                            },
                            progress));
            return videos;
        } catch (RuntimeException | Error e) {
            videos.forEach(Video::close);
            throw e;
        }
    }

    /// The middle of the first video, one frame.
    Video preview(Tensor latents) {
        List<Video> one = new ArrayList<>();
        Scoped.run(() ->
                one.addAll(videos(latents.narrow(0, 0, 1).narrow(1, latents.size(1) / 2, 1), VaeProgress.NONE)));
        return one.getFirst();
    }

    /// `[batch, channels, frames, height, width]` as the VAE takes them.
    private Tensor unscaled(Tensor latents) {
        double factor = 1 / components.vae().config().scalingFactor();
        return latents.permute(0, 2, 1, 3, 4).mul(new Scalar(factor));
    }
}
