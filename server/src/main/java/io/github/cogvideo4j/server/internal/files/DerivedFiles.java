package io.github.cogvideo4j.server.internal.files;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFile;
import io.github.cogvideo4j.inference.video.VideoFile.FrameChoice;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// What is made of a video for those who choose among many: a thumbnail, a spritesheet, an animation. Each is made when
/// it is asked for the first time, or again when it is not there or not whole, by a thread of this class: one at a
/// time, thumbnails beside the others, however many ask. The worker of the device does none of it.
///
/// A file is written elsewhere, and put beside its video when it is whole. Several servers may do so at once.
public final class DerivedFiles implements AutoCloseable {
    private static final int LONGEST_THUMBNAIL = 480;
    private static final int LONGEST_CELL = 160;
    private static final int MOST_CELLS = 50;
    private static final int COLUMNS = 10;
    /// So much memory the frames of an animation may take.
    private static final long MOST_BYTES = 1L << 30;

    private static final VideoLimits LIMITS =
            new VideoLimits(VideoLimits.DEFAULT.mostFrames(), VideoLimits.DEFAULT.mostPixels(), MOST_BYTES);

    private static final int RIFF = 0x46464952;
    private static final int RIFF_HEADER = 8;
    private static final int GIF = 0x38464947;
    /// The last block ends with 0, the file with 3B.
    private static final short GIF_END = 0x3B00;

    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final JobFiles files;
    private final Sizes sizes;
    private final ThreadPoolExecutor quick = thread("thumbnails");
    private final ThreadPoolExecutor slow = thread("spritesheets");
    private final Map<Wanted, CompletableFuture<JobFile>> making = new ConcurrentHashMap<>();

    private record Wanted(String id, int attempt, FileKind kind) {}

    /// The rows that know how large the files of each job are.
    @FunctionalInterface
    public interface Sizes {
        /// Notes a size.
        ///
        /// @param bytes the size of all files of the attempt
        void resize(String id, int attempt, long bytes);
    }

    /// Files beside the videos of jobs.
    public DerivedFiles(JobFiles files, Sizes sizes) {
        this.files = files;
        this.sizes = sizes;
    }

    /// A thread that is there while it has something to do: what it runs is native code, which would hold up one of the
    /// few carriers of virtual threads.
    private static ThreadPoolExecutor thread(String name) {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                1,
                1,
                IDLE.toMillis(),
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name(name).daemon().factory());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /// How the spritesheet of a video with a number of frames is divided.
    public static Job.Sprites sprites(int frames) {
        int cells = Math.min(MOST_CELLS, frames);
        int columns = Math.min(COLUMNS, cells);
        return new Job.Sprites(columns, Math.ceilDiv(cells, columns), cells);
    }

    /// A file of a completed job, made if need be.
    ///
    /// @throws NoSuchFileException   when the job's video is not there
    /// @throws CancellationException when the server stops
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when the video is damaged
    /// @throws io.github.cogvideo4j.inference.InferenceException    when FFmpeg lacks an encoder
    public JobFile file(String id, int attempt, FileKind kind) throws IOException {
        if (isWhole(files.finished(id, attempt).resolve(kind.fileName()), kind)) {
            return files.file(id, attempt, kind);
        }
        Wanted wanted = new Wanted(id, attempt, kind);
        CompletableFuture<JobFile> made = making.computeIfAbsent(wanted, this::begin);
        try {
            return made.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw e;
            }
        } finally {
            making.remove(wanted, made);
        }
    }

    private CompletableFuture<JobFile> begin(Wanted wanted) {
        try {
            return new CompletableFuture<JobFile>()
                    .completeAsync(() -> made(wanted), wanted.kind() == FileKind.THUMBNAIL ? quick : slow);
        } catch (RejectedExecutionException _) {
            throw new CancellationException();
        }
    }

    private JobFile made(Wanted wanted) {
        FileKind kind = wanted.kind();
        Path temporary = files.inTheMaking(kind);
        try {
            Path folder = files.finished(wanted.id(), wanted.attempt());
            // Whoever asked before may have it made just now.
            if (!isWhole(folder.resolve(kind.fileName()), kind)) {
                make(kind, folder.resolve(FileKind.VIDEO.fileName()), temporary);
                long bytes = files.adopt(temporary, wanted.id(), wanted.attempt(), kind);
                sizes.resize(wanted.id(), wanted.attempt(), bytes);
            }
            return files.file(wanted.id(), wanted.attempt(), kind);
        } catch (IOException e) {
            throw new CompletionException(e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    private static void deleteQuietly(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException _) {
            // swept with the uploads
        }
    }

    private static void make(FileKind kind, Path video, Path file) throws IOException {
        switch (kind) {
            case THUMBNAIL -> thumbnail(video, file);
            case SPRITESHEET -> spritesheet(video, file);
            case GIF -> animation(video, file);
            default -> throw new IllegalArgumentException(kind + " is not made of the video");
        }
    }

    private static void thumbnail(Path video, Path file) throws IOException {
        try (Image frame = VideoFile.firstFrame(video, LIMITS)) {
            double scale = scale(frame.height(), frame.width(), LONGEST_THUMBNAIL);
            try (Image small = frame.resized(side(frame.height(), scale), side(frame.width(), scale))) {
                small.saveWebp(file, true);
            }
        }
    }

    private static void animation(Path video, Path file) throws IOException {
        try (Video whole = VideoFile.read(video, FrameChoice.all(), LIMITS)) {
            whole.save(file, true);
        }
    }

    private static void spritesheet(Path video, Path file) throws IOException {
        try (Video cells = VideoFile.read(video, FrameChoice.spread(MOST_CELLS), LIMITS)) {
            Job.Sprites sprites = sprites(cells.frames());
            double scale = scale(cells.height(), cells.width(), LONGEST_CELL);
            int height = side(cells.height(), scale);
            int width = side(cells.width(), scale);
            try (Image sheet = Image.allocate(sprites.rows() * height, sprites.columns() * width)) {
                for (int i = 0; i < cells.frames(); i++) {
                    try (Image cell = cells.image(i).resized(height, width)) {
                        copy(cell, sheet, i / sprites.columns() * height, i % sprites.columns() * width);
                    }
                }
                sheet.saveWebp(file, true);
            }
        }
    }

    private static void copy(Image cell, Image sheet, int top, int left) {
        for (int y = 0; y < cell.height(); y++) {
            MemorySegment.copy(
                    cell.row(y),
                    0,
                    sheet.row(top + y),
                    (long) left * Image.CHANNELS,
                    (long) cell.width() * Image.CHANNELS);
        }
    }

    private static double scale(int height, int width, int longest) {
        return Math.min(1, (double) longest / Math.max(height, width));
    }

    private static int side(int size, double scale) {
        return Math.max(1, (int) Math.round(size * scale));
    }

    /// Whether a file is there, and ends where its format says.
    private static boolean isWhole(Path file, FileKind kind) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer head = ByteBuffer.allocate(RIFF_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer end = ByteBuffer.allocate(Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            if (channel.read(head, 0) < RIFF_HEADER || channel.read(end, channel.size() - Short.BYTES) < Short.BYTES) {
                return false;
            }
            return kind == FileKind.GIF
                    ? head.getInt(0) == GIF && end.getShort(0) == GIF_END
                    : head.getInt(0) == RIFF && head.getInt(Integer.BYTES) == channel.size() - RIFF_HEADER;
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    /// Makes nothing more, and waits for what is being made.
    @Override
    public void close() {
        quick.shutdownNow();
        slow.shutdownNow();
        making.values().forEach(made -> made.completeExceptionally(new CancellationException()));
        try {
            long end = System.nanoTime() + PATIENCE.toNanos();
            for (ThreadPoolExecutor executor : List.of(quick, slow)) {
                // Where it takes longer, the thread ends with the process.
                var _ = executor.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
