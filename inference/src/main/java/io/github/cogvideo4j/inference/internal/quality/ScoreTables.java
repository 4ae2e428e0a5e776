package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.quality.ScoreReport;
import io.github.cogvideo4j.inference.quality.VideoScore;
import io.github.cogvideo4j.inference.quality.VideoScore.Frame;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Scores as JSON and CSV.
public final class ScoreTables {
    private ScoreTables() {}

    /// Everything as JSON.
    public static ObjectNode json(ScoreReport report) {
        ObjectNode json = JsonFile.newObject();
        ArrayNode videos = json.putArray("videos");
        report.videos().forEach(video -> videos.add(json(video)));
        return json;
    }

    private static ObjectNode json(VideoScore video) {
        ObjectNode json = JsonFile.newObject();
        json.put("path", video.file().toString());
        json.put("frames", video.frames().size());
        json.put("width", video.width());
        json.put("height", video.height());
        json.put("fps", video.framesPerSecond());
        ArrayNode symptoms = json.putArray("symptoms");
        video.check().symptoms().forEach(symptom -> symptoms.add(symptom.name().toLowerCase(Locale.ROOT)));
        json.put("black_frames", video.blackFrames());
        json.put("frozen_frames", video.frozenFrames());
        json.put("longest_freeze", video.longestFreeze());
        json.put("repeated_frames", video.repeatedFrames());
        put(json, "temporal_flickering", video.temporalFlickering());
        video.firstFrame()
                .ifPresentOrElse(
                        first -> json.putObject("first_frame")
                                .put("luma", first.luma())
                                .put("clipped", first.clipped())
                                .put("burnt", first.burnt()),
                        () -> json.putNull("first_frame"));
        ObjectNode measures = json.putObject("measures");
        for (Measure measure : video.measures()) {
            video.of(measure).ifPresent(all -> {
                ObjectNode node = measures.putObject(measure.id());
                put(node, "mean", OptionalDouble.of(all.getAverage()));
                put(node, "min", OptionalDouble.of(all.getMin()));
                put(node, "max", OptionalDouble.of(all.getMax()));
            });
        }
        video.likeness().ifPresent(like -> {
            ObjectNode node = json.putObject("against");
            node.put("path", like.reference().toString());
            node.put("equal", Double.isInfinite(like.psnr()));
            put(node, "psnr", OptionalDouble.of(like.psnr()));
            node.put("ssim", like.ssim());
            put(node, "ms_ssim", like.msSsim());
        });
        ArrayNode frames = json.putArray("per_frame");
        video.frames().forEach(frame -> frames.add(json(frame)));
        return json;
    }

    private static ObjectNode json(Frame frame) {
        ObjectNode json = JsonFile.newObject();
        json.put("black", frame.black());
        json.put("frozen", frame.frozen());
        json.put("repeated", frame.repeated());
        frame.values().forEach((measure, value) -> put(json, measure.id(), OptionalDouble.of(value)));
        return json;
    }

    /// A number; `null` where there is none or it is infinite.
    private static void put(ObjectNode json, String name, OptionalDouble value) {
        if (value.isPresent() && Double.isFinite(value.getAsDouble())) {
            json.put(name, value.getAsDouble());
        } else {
            json.putNull(name);
        }
    }

    /// A row for each frame.
    public static String csv(ScoreReport report) {
        StringBuilder text = new StringBuilder("video,frame,black,frozen,repeated");
        Measure[] measures = Measure.values();
        Arrays.stream(measures).forEach(measure -> text.append(',').append(measure.id()));
        text.append("\r\n");
        for (VideoScore video : report.videos()) {
            String name = quoted(video.file().toString());
            int number = 0;
            for (Frame frame : video.frames()) {
                text.append(name).append(',').append(number++);
                text.append(',').append(digit(frame.black()));
                text.append(',').append(digit(frame.frozen()));
                text.append(',').append(digit(frame.repeated())).append(',');
                text.append(Arrays.stream(measures)
                        .map(measure -> text(frame.value(measure)))
                        .collect(Collectors.joining(",")));
                text.append("\r\n");
            }
        }
        return text.toString();
    }

    private static char digit(boolean value) {
        return value ? '1' : '0';
    }

    private static String text(OptionalDouble value) {
        if (value.isEmpty()) {
            return "";
        }
        return Double.isInfinite(value.getAsDouble()) ? "inf" : Double.toString(value.getAsDouble());
    }

    /// Source: RFC 4180. A name that a spreadsheet would take for a formula begins with an apostrophe.
    private static String quoted(String name) {
        String plain = !name.isEmpty() && "=+-@\t\r".indexOf(name.charAt(0)) >= 0 ? "'" + name : name;
        return '"' + plain.replace("\"", "\"\"") + '"';
    }
}
