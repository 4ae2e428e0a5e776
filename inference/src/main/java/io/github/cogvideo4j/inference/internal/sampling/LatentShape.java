package io.github.cogvideo4j.inference.internal.sampling;

/// The sizes of one generation.
///
/// @param height          of the video, in pixels
/// @param width           of the video, in pixels
/// @param requestedFrames the video frames asked for
/// @param frames          the video frames that come out
/// @param latentFrames    the latent frames that are denoised, with the padding
/// @param padding         how many of them, the leading ones, are dropped before decoding (CogVideoX1.5)
/// @param latentHeight    height in latent pixels
/// @param latentWidth     width in latent pixels
record LatentShape(
        int height,
        int width,
        int requestedFrames,
        int frames,
        int latentFrames,
        int padding,
        int latentHeight,
        int latentWidth) {
    /// The sizes of latents, `[batch, frames, channels, height, width]`.
    long[] of(long batch, long channels) {
        return new long[] {batch, latentFrames, channels, latentHeight, latentWidth};
    }
}
