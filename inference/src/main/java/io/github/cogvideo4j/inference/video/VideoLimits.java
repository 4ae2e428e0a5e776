package io.github.cogvideo4j.inference.video;

/// How much of a video file is read before it is refused: a file of a few kilobytes may unfold to any number of
/// frames.
///
/// @param mostFrames the most frames of a file
/// @param mostPixels the most pixels of a frame
/// @param mostBytes  the most bytes of all chosen frames together, 3 for a pixel
public record VideoLimits(int mostFrames, long mostPixels, long mostBytes) {
    /// 100,000 frames (an hour), 8192 x 4320 pixels, 4 GiB of chosen frames.
    public static final VideoLimits DEFAULT = new VideoLimits(100_000, 8192L * 4320, 4L << 30);
}
