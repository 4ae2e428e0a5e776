package io.github.cogvideo4j.inference.internal.preprocess;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.video.Video;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Pixels as tensors: fp32 from -1 to 1, channels first, as the VAE takes them; and decoded videos as pixels.
/// The numbers are those of diffusers' `VideoProcessor`.
public final class FrameTensors {
    private FrameTensors() {}

    /// The rounding of a decoded value to one of 256.
    public enum Rounding {
        /// To the nearest, a tie to the even one: frames as images, what the reference's pipelines return.
        NEAREST_EVEN,
        /// Down: arrays handed to the reference's video writer.
        DOWN
    }

    /// An image stretched to a size (Lanczos, no crop).
    ///
    /// @return `[1, 3, height, width]`, fp32, -1 to 1
    public static Tensor ofImage(Image image, int height, int width) {
        return Scoped.tensor(() -> {
            try (Image resized = image.resized(height, width)) {
                return normalized(unit(resized)).clone();
            }
        });
    }

    /// A video with each frame stretched to a size (Lanczos, no crop).
    ///
    /// @return `[1, 3, frames, height, width]`, fp32, -1 to 1
    public static Tensor ofVideo(Video video, int height, int width) {
        return Scoped.tensor(() -> {
            Tensor all = torch.empty(1, Video.CHANNELS, video.frames(), height, width);
            for (int i = 0; i < video.frames(); i++) {
                int frame = i;
                Scoped.run(() -> all.select(2, frame).copy_(ofImage(video.image(frame), height, width)));
            }
            return all;
        });
    }

    /// Frames stretched to a size (bicubic, no crop), one after the other in memory.
    ///
    /// @return `[1, 3, frames, height, width]`, fp32, -1 to 1
    public static Tensor ofFrames(IntFunction<Image> images, int frames, int height, int width) {
        return Scoped.tensor(() -> {
            Tensor all = torch.empty(frames, Video.CHANNELS, height, width);
            for (int i = 0; i < frames; i++) {
                int frame = i;
                Scoped.run(() -> {
                    try (Image resized = images.apply(frame).resizedCubic(height, width)) {
                        all.select(0, frame).copy_(normalized(unit(resized)).squeeze(0));
                    }
                });
            }
            return all.permute(1, 0, 2, 3).unsqueeze(0);
        });
    }

    /// A mask: 1 where a frame is rather white than black, 0 elsewhere, brought to a size (nearest neighbour).
    ///
    /// @return `[1, 1, frames, height, width]`, fp32
    public static Tensor ofMask(IntFunction<Image> images, int frames, int height, int width) {
        return Scoped.tensor(() -> {
            Tensor all = torch.empty(1, 1, frames, height, width);
            for (int i = 0; i < frames; i++) {
                int frame = i;
                Scoped.run(() -> {
                    Tensor grey = unit(images.apply(frame)).mean(new long[] {1}, true, new ScalarTypeOptional());
                    Tensor white = grey.ge(new Scalar(0.5)).to(ScalarType.Float);
                    all.select(2, frame).copy_(torch.upsample_nearest2d(white, new long[] {height, width}));
                });
            }
            return all;
        });
    }

    /// Values that are a tensor already, brought to a size (nearest neighbour, as the reference does for
    /// tensors).
    ///
    /// @param values `[frames, 3, height, width]`, fp32, 0 to 1
    /// @return `[1, 3, frames, height, width]`, fp32, -1 to 1
    public static Tensor ofValues(Tensor values, long height, long width) {
        return Scoped.tensor(() -> {
            boolean fits = values.size(2) == height && values.size(3) == width;
            Tensor resized = fits ? values : torch.upsample_nearest2d(values, new long[] {height, width});
            return normalized(resized).permute(1, 0, 2, 3).unsqueeze(0).contiguous();
        });
    }

    /// What the VAE decoded, from 0 to 1, in the VAE's type.
    ///
    /// @param decoded any shape, about -1 to 1
    public static Tensor unitRange(Tensor decoded) {
        return Scoped.tensor(() -> decoded.mul(new Scalar(0.5))
                .add(new Scalar(0.5))
                .clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0))));
    }

    /// What the VAE decoded as a video.
    ///
    /// @param decoded         `[1, 3, frames, height, width]` in the VAE's type, about -1 to 1
    /// @param framesPerSecond how fast it plays
    public static Video toVideo(Tensor decoded, double framesPerSecond, Rounding rounding) {
        int frames = Math.toIntExact(decoded.size(2));
        int height = Math.toIntExact(decoded.size(3));
        int width = Math.toIntExact(decoded.size(4));
        Video video = Video.allocate(frames, height, width, framesPerSecond);
        Scoped.run(() -> write(decoded.select(0, 0), video, 0, rounding));
        return video;
    }

    /// Some frames that the VAE decoded, written into a video.
    ///
    /// @param decoded `[3, frames, height, width]` in the VAE's type, about -1 to 1
    /// @param first   the number of the first of them in the video
    public static void write(Tensor decoded, Video video, long first, Rounding rounding) {
        for (int i = 0; i < decoded.size(1); i++) {
            int frame = i;
            Scoped.run(() -> {
                Tensor values =
                        unitRange(decoded.select(1, frame)).to(ScalarType.Float).mul(new Scalar(255.0));
                Tensor whole = rounding == Rounding.NEAREST_EVEN ? values.round() : values;
                Tensor target = NativeMemory.view(
                        video.frame(Math.toIntExact(first + frame)),
                        ScalarType.Byte,
                        video.height(),
                        video.width(),
                        Video.CHANNELS);
                target.copy_(whole.permute(1, 2, 0).to(ScalarType.Byte));
            });
        }
    }

    /// `[1, 3, height, width]` from 0 to 1.
    private static Tensor unit(Image image) {
        return NativeMemory.view(image.pixels(), ScalarType.Byte, 1, image.height(), image.width(), Image.CHANNELS)
                .permute(0, 3, 1, 2)
                .to(ScalarType.Float)
                .div(new Scalar(255.0));
    }

    private static Tensor normalized(Tensor unit) {
        return unit.mul(new Scalar(2.0)).sub(new Scalar(1.0));
    }
}
