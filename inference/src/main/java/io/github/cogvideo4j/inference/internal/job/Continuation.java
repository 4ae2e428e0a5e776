package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationRequest.Extension;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.sampling.Planning;
import io.github.cogvideo4j.inference.internal.sampling.TensorProbe;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.video.Video;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A video that grows by clips, each made from the last frame before it, or from the last frames where the
/// model can inpaint: these are then what a mask keeps.
///
/// @param generator makes the clips
/// @param planning  the plan of the first; the others have its settings
/// @param source    the video that is continued; stays open
/// @param clips     how many clips there will be
/// @param overlap   how many frames a clip begins with that are there already
public record Continuation(VideoGenerator generator, Planning planning, Video source, int clips, int overlap) {
    /// Two whole latent frames.
    private static final int USUAL_OVERLAP = 5;

    /// New frames in a trial of an inpainting model.
    private static final int TRIAL_FRAMES = 8;

    /// Rates that differ by less are indistinguishable.
    private static final double RATES = 1.25;

    /// Refuses requests whose inputs cannot be continued, or that want files which several clips have no single
    /// one of.
    public static void check(GenerationRequest request) {
        if (request.extension().isEmpty()) {
            return;
        }
        if (request.kind() != GenerationKind.I2V) {
            throw refused("inference.request.extend-kind", request.kind());
        }
        boolean several = request.extension().get().clips() > 1;
        if (several
                && (request.outputs().latents().isPresent() || request.outputs().previewEvery() > 0)) {
            throw refused("inference.request.extend-files");
        }
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    /// How many clips a request adds to a video: a trial adds one, and without an extension there are none.
    public static int clips(GenerationRequest request) {
        return request.extension()
                .map(extension -> request.trial() ? 1 : extension.clips())
                .orElse(0);
    }

    /// How many frames a clip begins with that are there already.
    ///
    /// @throws InvalidRequestException when the model cannot begin with as many as were asked for
    public static int overlap(VideoGenerator generator, GenerationRequest request, Video source) {
        OptionalInt asked = request.extension().map(Extension::overlap).orElse(OptionalInt.empty());
        if (!generator.inpaints()) {
            if (asked.orElse(1) != 1) {
                throw refused("inference.request.extend-overlap", asked.getAsInt());
            }
            return 1;
        }
        int most = Math.min(source.frames(), frames(generator, request.settings()) - 1);
        int overlap = asked.orElse(Math.min(USUAL_OVERLAP, most));
        if (overlap < 1 || overlap > most) {
            throw refused("inference.pipeline.value", "extend_overlap", overlap, "1 - " + most);
        }
        return overlap;
    }

    private static int frames(VideoGenerator generator, GenerationSettings settings) {
        return settings.numFrames().orElse(generator.usualFrames());
    }

    /// What a clip is made from: an image, or a video with a mask.
    private record ClipInput(Optional<Image> image, Optional<Video> video, Optional<Video> mask)
            implements AutoCloseable {
        static ClipInput of(VideoGenerator generator, GenerationSettings settings, Video before, int overlap) {
            if (!generator.inpaints()) {
                return new ClipInput(
                        Optional.of(before.image(before.frames() - 1)), Optional.empty(), Optional.empty());
            }
            int frames = frames(generator, settings);
            Video video = Video.allocate(frames, before.height(), before.width(), before.framesPerSecond());
            Video mask = Video.allocate(frames, before.height(), before.width(), before.framesPerSecond());
            for (int i = 0; i < frames; i++) {
                if (i < overlap) {
                    video.frame(i).copyFrom(before.frame(before.frames() - overlap + i));
                } else {
                    mask.frame(i).fill((byte) -1); // white: made anew
                }
            }
            return new ClipInput(Optional.empty(), Optional.of(video), Optional.of(mask));
        }

        @Override
        public void close() {
            image.ifPresent(Image::close);
            video.ifPresent(Video::close);
            mask.ifPresent(Video::close);
        }
    }

    /// The plan of a clip.
    ///
    /// @param asked  what is asked for besides the input
    /// @param before the video that it continues
    public static Planning planned(
            VideoGenerator generator, PipelineRequest asked, Video before, int overlap, boolean trial) {
        // A trial cannot know how short the mask of an inpainting model may be.
        PipelineRequest shorter = trial && generator.inpaints()
                ? asked.withSettings(asked.settings()
                        .withNumFrames(Math.min(overlap + TRIAL_FRAMES, frames(generator, asked.settings()))))
                : asked;
        try (ClipInput input = ClipInput.of(generator, shorter.settings(), before, overlap)) {
            PipelineRequest request = with(input, shorter);
            return trial ? generator.planTrial(request) : generator.plan(request);
        }
    }

    private static PipelineRequest with(ClipInput input, PipelineRequest asked) {
        PipelineRequestBuilder builder = PipelineRequest.builder()
                .prompts(asked.prompts())
                .negativePrompts(asked.negativePrompts())
                // Of a video nothing but what the mask keeps stays.
                .settings(input.video().isPresent() ? asked.settings().withStrength(1) : asked.settings())
                .seeds(asked.seeds());
        input.image().ifPresent(builder::image);
        input.video().ifPresent(builder::video);
        input.mask().ifPresent(builder::mask);
        return builder.build();
    }

    /// The plan of the whole.
    ///
    /// @param plan      that of the first clip
    /// @param modelRate the frames per second that the model makes
    public static GenerationPlan plan(GenerationPlan plan, Video source, int clips, int overlap, double modelRate) {
        List<Problem> warnings = new ArrayList<>(plan.warnings());
        if (source.width() != plan.width() || source.height() != plan.height()) {
            warnings.add(
                    warning("inference.extend.size", source.width(), source.height(), plan.width(), plan.height()));
        }
        double faster = plan.framesPerSecond() / modelRate;
        if (faster > RATES || faster < 1 / RATES) {
            warnings.add(warning(
                    "inference.extend.rate", rounded(plan.framesPerSecond()), rounded(modelRate), rounded(faster)));
        }
        int frames = Math.addExact(source.frames(), Math.multiplyExact(clips, plan.frames() - overlap));
        return plan.withExtension(
                warnings, new GenerationPlan.Extended(source.frames(), clips, plan.frames() - overlap, frames));
    }

    private static Problem warning(String key, Object... arguments) {
        return Problem.of(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    private static String rounded(double number) {
        return String.format(Locale.ROOT, "%.1f", number);
    }

    /// Makes the clips and puts them behind the video.
    ///
    /// @param seed the seed of the first clip; the next ones have those that follow
    /// @return the whole video, the latents of the last clip, and the times and counts of all
    public PipelineResult run(long seed, JobControl control) {
        Video whole = resized();
        Map<Stage, Duration> times = new EnumMap<>(Stage.class);
        List<Problem> warnings = new ArrayList<>();
        Optional<CacheUse> use = Optional.empty();
        try {
            for (int clip = 0; ; clip++) {
                PipelineResult made = clip(whole, seed + clip, control);
                try {
                    Video longer = joined(whole, made.videos().getFirst(), overlap);
                    whole.close();
                    whole = longer;
                    made.times().forEach((stage, time) -> times.merge(stage, time, Duration::plus));
                    made.warnings().stream()
                            .filter(one -> !warnings.contains(one))
                            .forEach(warnings::add);
                    Optional<CacheUse> before = use;
                    use = made.cache()
                            .map(now -> before.map(then -> sum(then, now)).orElse(now));
                } catch (RuntimeException | Error e) {
                    made.close();
                    throw e;
                }
                made.videos().forEach(Video::close);
                if (clip == clips - 1) {
                    return new PipelineResult(List.of(whole), List.of(seed), made.latents(), warnings, times, use);
                }
                made.latents().close();
            }
        } catch (RuntimeException | Error e) {
            whole.close();
            throw e;
        }
    }

    private static CacheUse sum(CacheUse one, CacheUse other) {
        return new CacheUse(
                one.attentions() + other.attentions(),
                one.feedForwards() + other.feedForwards(),
                one.evaluations() + other.evaluations(),
                one.measured());
    }

    private PipelineResult clip(Video before, long seed, JobControl control) {
        GenerationSettings settings = planning.request().settings().withVideosPerPrompt(1);
        try (ClipInput input = ClipInput.of(generator, settings, before, overlap)) {
            PipelineRequest asked = PipelineRequest.builder()
                    .prompts(planning.request().prompts())
                    .negativePrompts(planning.request().negativePrompts())
                    .settings(settings)
                    .seed(seed)
                    .build();
            return generator.generate(generator.plan(with(input, asked)), control, TensorProbe.NONE);
        }
    }

    /// The source in the size and at the rate of the clips.
    private Video resized() {
        GenerationPlan plan = planning.plan();
        Video video = Video.allocate(source.frames(), plan.height(), plan.width(), plan.framesPerSecond());
        for (int i = 0; i < source.frames(); i++) {
            try (Image frame = source.image(i)) {
                if (frame.height() == plan.height() && frame.width() == plan.width()) {
                    video.frame(i).copyFrom(frame.pixels());
                } else {
                    try (Image fitting = frame.resized(plan.height(), plan.width())) {
                        video.frame(i).copyFrom(fitting.pixels());
                    }
                }
            }
        }
        return video;
    }

    /// Two videos behind one another, faded over the frames that they share: of `n`, the later one has the
    /// shares 0, `1/n`, ... `(n - 1)/n`.
    ///
    /// Source: the long video loop of VideoX-Fun's `predict_i2v.py`.
    static Video joined(Video one, Video other, int shared) {
        int kept = one.frames() - shared;
        Video video =
                Video.allocate(Math.addExact(kept, other.frames()), one.height(), one.width(), one.framesPerSecond());
        MemorySegment.copy(one.pixels(), 0, video.pixels(), 0, one.pixels().byteSize());
        for (int i = 0; i < other.frames(); i++) {
            if (i < shared) {
                fade(video.frame(kept + i), other.frame(i), (double) i / shared);
            } else {
                video.frame(kept + i).copyFrom(other.frame(i));
            }
        }
        return video;
    }

    private static void fade(MemorySegment target, MemorySegment other, double share) {
        if (share == 0) {
            return;
        }
        for (long i = 0; i < target.byteSize(); i++) {
            int from = Byte.toUnsignedInt(target.get(ValueLayout.JAVA_BYTE, i));
            int to = Byte.toUnsignedInt(other.get(ValueLayout.JAVA_BYTE, i));
            target.set(ValueLayout.JAVA_BYTE, i, (byte) Math.rint(from + share * (to - from)));
        }
    }
}
