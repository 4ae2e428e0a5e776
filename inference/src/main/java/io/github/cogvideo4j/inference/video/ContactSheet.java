package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.inference.image.Image;
import java.lang.foreign.MemorySegment;

/// Frames of a video side by side on one image, for a look at the whole.
final class ContactSheet {
    private static final int MOST_FRAMES = 16;
    private static final int LONGEST_SIDE = 320;
    private static final int GAP = 4;

    private ContactSheet() {}

    /// At most 16 frames, evenly spread with the first and the last among them, in a square of rows and
    /// columns.
    static Image of(Video video) {
        int shown = Math.min(MOST_FRAMES, video.frames());
        int columns = (int) Math.ceil(Math.sqrt(shown));
        int rows = Math.ceilDiv(shown, columns);
        double scale = Math.min(1, (double) LONGEST_SIDE / Math.max(video.height(), video.width()));
        int height = Math.max(1, (int) Math.round(video.height() * scale));
        int width = Math.max(1, (int) Math.round(video.width() * scale));
        Image sheet = Image.allocate(rows * (height + GAP) + GAP, columns * (width + GAP) + GAP);
        for (int i = 0; i < shown; i++) {
            int frame = shown == 1 ? 0 : Math.toIntExact(Math.round(i * (video.frames() - 1.0) / (shown - 1)));
            try (Image small = video.image(frame).resized(height, width)) {
                int top = GAP + i / columns * (height + GAP);
                int left = GAP + i % columns * (width + GAP);
                for (int y = 0; y < height; y++) {
                    MemorySegment.copy(
                            small.row(y),
                            0,
                            sheet.row(top + y),
                            (long) left * Image.CHANNELS,
                            (long) width * Image.CHANNELS);
                }
            }
        }
        return sheet;
    }
}
