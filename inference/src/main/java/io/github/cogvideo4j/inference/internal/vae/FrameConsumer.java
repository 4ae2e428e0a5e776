package io.github.cogvideo4j.inference.internal.vae;

import org.bytedeco.pytorch.Tensor;

/// A consumer of a video's frames as they are done, in order, so that the whole video is never in memory.
@FunctionalInterface
public interface FrameConsumer {
    /// Some frames are done.
    ///
    /// @param video  the video's number in the batch
    /// @param first  the number of the first of these frames in the video
    /// @param frames `[channels, frames, height, width]`, around -1 to 1, in the type and on the device of
    ///               the model; valid during the call
    void accept(int video, long first, Tensor frames);
}
