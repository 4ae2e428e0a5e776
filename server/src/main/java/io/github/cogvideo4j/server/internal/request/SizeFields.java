package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.server.internal.job.Job.Operation;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Width, height, length and rate: `size` or `width` and `height`, `seconds` or `num_frames`, `fps`.
///
/// Seconds become frames as models are trained: `seconds * fps + 1`, at the nearest length of the model's own step
/// (`8 N + 1` or `16 N + 1`), at most its trained length. `num_frames` is taken as it stands, up to four times that.
final class SizeFields {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})[xX](\\d{1,5})");
    private static final int LARGEST_SIDE = 1 << 13;
    private static final double FASTEST = 120;
    private static final int LONGER = 4;
    private static final int MOST_CLIPS = 20;

    private final ModelCard model;
    private final OptionalInt width;
    private final OptionalInt height;
    private final OptionalDouble rate;
    private final OptionalInt frames;
    private final OptionalInt clips;

    SizeFields(FormFields fields, ModelCard model, Operation operation) {
        this.model = model;
        OptionalInt side = whole(fields.whole("width", 1, LARGEST_SIDE));
        OptionalInt other = whole(fields.whole("height", 1, LARGEST_SIDE));
        Optional<int[]> size =
                fields.word("size").filter(text -> !text.isBlank()).map(SizeFields::size);
        if (size.isPresent()) {
            if (side.orElse(size.get()[0]) != size.get()[0] || other.orElse(size.get()[1]) != size.get()[1]) {
                throw ApiException.invalid("size", "server.request.size-twice");
            }
            side = OptionalInt.of(size.get()[0]);
            other = OptionalInt.of(size.get()[1]);
        }
        this.width = side;
        this.height = other;
        checkSides(size.isPresent());
        this.rate = fields.number("fps", 1, FASTEST);
        OptionalDouble seconds = fields.number("seconds", 0, 3_600);
        OptionalInt counted =
                whole(fields.whole("num_frames", 1, (long) model.usual().frames() * LONGER));
        if (operation == Operation.EXTENSION) {
            if (seconds.isEmpty()) {
                throw ApiException.missing("seconds");
            }
            double wanted = Math.max(1, Math.rint(seconds.getAsDouble() * rateOrUsual()));
            int most = model.usual().frames() - 1;
            int needed = (int) Math.ceil(wanted / Math.max(1, most));
            if (seconds.getAsDouble() <= 0 || needed > MOST_CLIPS) {
                throw tooLong("seconds", (double) most * MOST_CLIPS / rateOrUsual());
            }
            this.clips = OptionalInt.of(needed);
            this.frames = OptionalInt.of(counted.orElse(trained(wanted / needed)));
            return;
        }
        this.clips = OptionalInt.empty();
        if (seconds.isPresent()) {
            int made = framesOf(seconds.getAsDouble());
            if (counted.isPresent() && counted.getAsInt() != made) {
                throw ApiException.invalid("num_frames", "server.request.frames-twice", counted.getAsInt(), made);
            }
            counted = OptionalInt.of(made);
        }
        this.frames = counted;
    }

    private static OptionalInt whole(OptionalLong value) {
        return value.isPresent() ? OptionalInt.of(Math.toIntExact(value.getAsLong())) : OptionalInt.empty();
    }

    private static int[] size(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches()) {
            throw ApiException.invalid("size", "server.request.size", RequestBody.shown(text));
        }
        return new int[] {Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))};
    }

    private void checkSides(boolean bySize) {
        checkSide(width, model.usual().width(), bySize ? "size" : "width");
        checkSide(height, model.usual().height(), bySize ? "size" : "height");
    }

    private void checkSide(OptionalInt side, int usual, String field) {
        int value = side.orElse(usual);
        if (model.fixedSize() && value != usual) {
            throw ApiException.invalid(
                    field,
                    "server.request.only-size",
                    model.name(),
                    model.usual().width(),
                    model.usual().height());
        }
        if (value < model.sizeMultiple() || value > LARGEST_SIDE || value % model.sizeMultiple() != 0) {
            throw ApiException.invalid(field, "server.request.side", value, model.name(), model.sizeMultiple());
        }
    }

    private double rateOrUsual() {
        return rate.orElse(model.usual().framesPerSecond());
    }

    private int framesOf(double seconds) {
        double wanted = seconds * rateOrUsual();
        int most = model.usual().frames() - 1;
        // Half a step more than the model's own length is rounded down to it.
        if (seconds <= 0 || wanted > most + model.frameMultiple() / 2.0) {
            throw tooLong("seconds", most / rateOrUsual());
        }
        return trained(wanted);
    }

    /// The trained length that is nearest to so many frames after the first.
    private int trained(double wanted) {
        int step = model.frameMultiple();
        int most = Math.max(1, model.usual().frames() - 1);
        if (most < step) {
            return most + 1;
        }
        long steps = Math.max(1, Math.round(wanted / step));
        return (int) Math.min(steps * step, most) + 1;
    }

    private ApiException tooLong(String field, double most) {
        return ApiException.invalid(
                field, "server.request.seconds", field, model.name(), String.format(Locale.ROOT, "%.2f", most));
    }

    /// How many clips continue a video.
    OptionalInt clips() {
        return clips;
    }

    /// The settings with sizes, all of them filled in: those of an input where it decides.
    GenerationSettings apply(GenerationSettings settings, GenerationKind kind, Optional<InputFile> input) {
        GenerationSettings sized = settings.withWidth(width.orElse(model.usual().width()))
                .withHeight(height.orElse(model.usual().height()));
        boolean moving = clips.isEmpty() && kind != GenerationKind.T2V && kind != GenerationKind.I2V;
        if (moving && input.isPresent()) {
            int given =
                    Math.min(frames.orElse(model.usual().frames()), input.get().frames());
            int step = model.frameMultiple();
            sized = sized.withNumFrames(given > step ? (given - 1) / step * step + 1 : given);
            return rate.isPresent() ? sized.withFramesPerSecond(rate.getAsDouble()) : sized;
        }
        sized = sized.withNumFrames(frames.orElse(model.usual().frames()));
        return clips.isPresent() && rate.isEmpty() ? sized : sized.withFramesPerSecond(rateOrUsual());
    }
}
