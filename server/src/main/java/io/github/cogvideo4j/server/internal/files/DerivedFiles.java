package io.github.cogvideo4j.server.internal.files;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// What is made of a video for those who choose among many: a thumbnail, a spritesheet, an animation.
public final class DerivedFiles {
    private static final int LONGEST_THUMBNAIL = 480;
    private static final int LONGEST_CELL = 160;
    private static final int MOST_CELLS = 50;
    private static final int COLUMNS = 10;

    private DerivedFiles() {}

    /// Makes them beside a video.
    ///
    /// @param folder where the video is
    public static Job.Sprites make(Path folder) throws IOException {
        try (Video video = Video.read(folder.resolve(FileKind.VIDEO.fileName()))) {
            double scale = scale(video, LONGEST_THUMBNAIL);
            try (Image small = video.image(0).resized(side(video.height(), scale), side(video.width(), scale))) {
                small.saveWebp(folder.resolve(FileKind.THUMBNAIL.fileName()), true);
            }
            video.save(folder.resolve(FileKind.GIF.fileName()), true);
            return sprites(video, folder.resolve(FileKind.SPRITESHEET.fileName()));
        }
    }

    /// Frames evenly spread with the first and the last among them, row by row.
    private static Job.Sprites sprites(Video video, Path file) throws IOException {
        int cells = Math.min(MOST_CELLS, video.frames());
        int columns = Math.min(COLUMNS, cells);
        int rows = Math.ceilDiv(cells, columns);
        double scale = scale(video, LONGEST_CELL);
        int height = side(video.height(), scale);
        int width = side(video.width(), scale);
        try (Image sheet = Image.allocate(rows * height, columns * width)) {
            for (int i = 0; i < cells; i++) {
                int frame = cells == 1 ? 0 : Math.toIntExact(Math.round(i * (video.frames() - 1.0) / (cells - 1)));
                try (Image cell = video.image(frame).resized(height, width)) {
                    for (int y = 0; y < height; y++) {
                        MemorySegment.copy(
                                cell.row(y),
                                0,
                                sheet.row(i / columns * height + y),
                                (long) (i % columns) * width * Image.CHANNELS,
                                (long) width * Image.CHANNELS);
                    }
                }
            }
            sheet.saveWebp(file, true);
        }
        return new Job.Sprites(columns, rows, cells);
    }

    private static double scale(Video video, int longest) {
        return Math.min(1, (double) longest / Math.max(video.height(), video.width()));
    }

    private static int side(int size, double scale) {
        return Math.max(1, (int) Math.round(size * scale));
    }
}
