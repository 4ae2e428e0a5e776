package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.Activity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.internal.video.FilterChain;
import io.github.cogvideo4j.inference.internal.video.FilterChain.Filtered;
import io.github.cogvideo4j.inference.internal.video.FrameSource;
import io.github.cogvideo4j.inference.internal.video.PictureSums;
import io.github.cogvideo4j.inference.internal.video.PictureSums.Picture;
import io.github.cogvideo4j.inference.internal.video.PixelFrame;
import io.github.cogvideo4j.inference.quality.VideoScore;
import io.github.cogvideo4j.inference.quality.VideoScore.Frame;
import io.github.cogvideo4j.inference.quality.VideoScore.Likeness;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The measurement of a video while it is decoded: of its pixels two frames are held, and one of the reference.
///
/// @param file      the video
/// @param reference what it is compared with
public record VideoMeasurement(Path file, Optional<Path> reference) {
    private static final VideoLimits LIMITS = VideoLimits.DEFAULT;

    private enum Phase implements Activity {
        SCORING;

        @Override
        public String id() {
            return "scoring";
        }

        @Override
        public Unit unit() {
            return Unit.PIECES;
        }
    }

    /// Refuses, by their headers, files that are no videos, and a reference of another size.
    public void check() throws IOException {
        try (FrameSource source = new FrameSource(file, LIMITS)) {
            if (Math.min(source.height(), source.width()) < FilterChain.SMALLEST) {
                throw refused("inference.score.small", source.width(), source.height(), FilterChain.SMALLEST);
            }
            if (reference.isPresent()) {
                try (FrameSource other = new FrameSource(reference.get(), LIMITS)) {
                    requireSameSize(source, other);
                }
            }
        }
    }

    /// Measures the video.
    ///
    /// @throws InvalidRequestException `video` when it or the reference is damaged, has no frames or too
    /// many, or they differ in size or number of frames
    public VideoScore measure(JobControl control) throws IOException {
        try (FrameSource source = new FrameSource(file, LIMITS)) {
            control.begin(Phase.SCORING, source.expectedFrames());
            if (reference.isEmpty()) {
                return new Run(source, Optional.empty()).measure(control);
            }
            try (FrameSource other = new FrameSource(reference.get(), LIMITS)) {
                requireSameSize(source, other);
                return new Run(source, Optional.of(other)).measure(control);
            }
        }
    }

    private void requireSameSize(FrameSource source, FrameSource other) {
        if (source.height() != other.height() || source.width() != other.width()) {
            throw refused(
                    "inference.score.sizes",
                    source.width(),
                    source.height(),
                    String.valueOf(reference.orElse(file)),
                    other.width(),
                    other.height());
        }
    }

    private InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.VIDEO, Place.of(file), key, arguments);
    }

    /// One pass over the frames.
    private final class Run {
        private final FrameSource source;
        private final Optional<FrameSource> other;
        private final PictureSums sums;
        private final VideoSimilarity.Sums similarity;
        private final List<Frame> frames = new ArrayList<>();

        Run(FrameSource source, Optional<FrameSource> other) {
            this.source = source;
            this.other = other;
            this.sums = new PictureSums(source.height(), source.width());
            this.similarity = new VideoSimilarity.Sums(source.height(), source.width());
        }

        VideoScore measure(JobControl control) throws IOException {
            int height = source.height();
            int width = source.width();
            long bytes = (long) height * width * Video.CHANNELS;
            try (Arena arena = Arena.ofConfined();
                    PixelFrame pixels = new PixelFrame(height, width);
                    PixelFrame otherPixels = new PixelFrame(height, width);
                    FilterChain filters = new FilterChain(height, width)) {
                MemorySegment[] turns = {arena.allocate(bytes, 64), arena.allocate(bytes, 64)};
                MemorySegment compared = arena.allocate(other.isPresent() ? bytes : 1, 64);
                while (nextOfBoth()) {
                    MemorySegment current = turns[frames.size() % 2];
                    pixels.renew(); // the filters still compare with the one before
                    source.copyTo(pixels, current);
                    Picture picture = sums.add(current, turns[(frames.size() + 1) % 2]);
                    Filtered filtered = filters.measure(pixels);
                    Map<Measure, Double> values = values(picture, filtered, frames.isEmpty());
                    if (other.isPresent()) {
                        other.get().copyTo(otherPixels, compared);
                        addLikeness(values, similarity.add(current, compared));
                    }
                    frames.add(new Frame(filtered.black(), filtered.frozen(), picture.repeated(), values));
                    control.advance(1);
                }
            }
            if (frames.isEmpty()) {
                throw refused("inference.video.no-frames");
            }
            return new VideoScore(
                    file, height, width, source.framesPerSecond(), sums.check(), frames, reference.map(this::likeness));
        }

        private static Map<Measure, Double> values(Picture picture, Filtered filtered, boolean first) {
            Map<Measure, Double> values = new EnumMap<>(Measure.class);
            values.put(Measure.LUMA, filtered.luma());
            values.put(Measure.SATURATION, filtered.saturation());
            values.put(Measure.CLIPPED, picture.clipped());
            filtered.blur().ifPresent(blur -> values.put(Measure.BLUR, blur));
            values.put(Measure.SPATIAL_INFORMATION, filtered.spatial());
            if (!first) {
                values.put(Measure.TEMPORAL_INFORMATION, filtered.temporal());
                values.put(Measure.MOTION, filtered.motion());
                values.put(Measure.CHANGE, picture.change());
            }
            return values;
        }

        private static void addLikeness(Map<Measure, Double> values, VideoSimilarity.Frame like) {
            values.put(Measure.PSNR, like.psnr());
            values.put(Measure.SSIM, like.ssim());
            like.msSsim().ifPresent(value -> values.put(Measure.MS_SSIM, value));
        }

        private Likeness likeness(Path path) {
            VideoSimilarity all = similarity.similarity();
            return new Likeness(path, all.psnr(), all.ssim(), all.msSsim());
        }

        /// Decodes the next frame of the video and of the reference.
        private boolean nextOfBoth() {
            boolean more = source.next();
            if (more && frames.size() == LIMITS.mostFrames()) {
                throw refused("inference.video.too-long", LIMITS.mostFrames());
            }
            if (other.isPresent() && other.get().next() != more) {
                int least = frames.size();
                int rest = 1 + remaining(more ? source : other.get());
                throw refused(
                        "inference.score.counts",
                        more ? least + rest : least,
                        String.valueOf(reference.orElse(file)),
                        more ? least : least + rest);
            }
            return more;
        }

        private int remaining(FrameSource longer) {
            int count = 0;
            while (count < LIMITS.mostFrames() && longer.next()) {
                count++;
            }
            return count;
        }
    }
}
