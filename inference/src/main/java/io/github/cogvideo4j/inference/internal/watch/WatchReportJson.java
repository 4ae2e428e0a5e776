package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Block;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Mark;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Trouble;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON form of a watch's report, read strictly: a field that is not known, of another type or out of range
/// is refused, and so is a name that leads out of the report's folder.
public final class WatchReportJson {
    private static final String JOB = "watch-report";
    private static final int VERSION = 1;
    private static final long LARGEST = 64L << 20;
    private static final int MOST = 10_000;
    private static final int LONGEST_PROMPT = 1 << 20;
    private static final int LONGEST_NAME = 4096;

    private WatchReportJson() {}

    /// Everything as JSON.
    public static ObjectNode of(WatchReport report) {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        json.put("run", report.run());
        json.put("model", report.model());
        json.put("seed", report.seed());
        json.put("full", report.full());
        report.prompts().forEach(json.putArray("prompts")::add);
        if (!report.settings().isEmpty()) {
            report.settings().forEach(json.putObject("settings")::put);
        }
        ArrayNode checkpoints = json.putArray("checkpoints");
        report.checkpoints().forEach(checkpoint -> checkpoints.add(of(checkpoint)));
        ObjectNode preferred = json.putObject("preferred");
        for (Score score : Score.values()) {
            report.preferred(score).ifPresent(best -> preferred.put(score.id(), best.name()));
        }
        return json;
    }

    private static ObjectNode of(WatchedCheckpoint checkpoint) {
        ObjectNode json = JsonFile.newObject();
        json.put("name", checkpoint.name());
        json.put("kind", checkpoint.kind());
        json.put("number", checkpoint.number());
        json.put("state", checkpoint.state().id());
        json.put("deleted", checkpoint.deleted());
        checkpoint
                .problem()
                .ifPresent(problem -> json.putObject("problem")
                        .put("code", problem.code())
                        .put("en", problem.english())
                        .put("zh", problem.chinese()));
        checkpoint
                .mark()
                .ifPresent(mark -> json.putObject("mark")
                        .put("file", mark.file())
                        .put("size", mark.size())
                        .put("modified", mark.modified())
                        .put("newest", mark.newest()));
        ObjectNode training = json.putObject("training");
        checkpoint.training().step().ifPresent(step -> training.put("step", step));
        checkpoint.training().trainer().ifPresent(trainer -> training.put("trainer", trainer));
        checkpoint.training().learningRate().ifPresent(rate -> training.put("learning_rate", rate));
        checkpoint.training().loss().ifPresent(loss -> training.put("loss", loss));
        ArrayNode samples = json.putArray("samples");
        checkpoint.samples().forEach(sample -> samples.add(of(sample)));
        checkpoint.base().ifPresent(drift -> json.set("from_base", of(drift)));
        checkpoint.previous().ifPresent(drift -> json.set("from_previous", of(drift)));
        checkpoint.values().ifPresent(values -> {
            ObjectNode node = json.putObject("values");
            values.digest().ifPresent(digest -> node.put("sha256", digest));
            node.put("tensors", values.tensors());
            names(values.nan(), node.putObject("nan"));
            names(values.infinite(), node.putObject("infinite"));
            names(values.dead(), node.putObject("dead"));
        });
        ArrayNode alarms = json.putArray("alarms");
        checkpoint
                .alarms()
                .forEach(alarm -> alarms.addObject()
                        .put("kind", alarm.kind().id())
                        .put("en", alarm.english())
                        .put("zh", alarm.chinese()));
        return json;
    }

    private static ObjectNode of(Sample sample) {
        ObjectNode json = JsonFile.newObject();
        json.put("prompt", sample.prompt());
        json.put("video", sample.video());
        ObjectNode scores = json.putObject("scores");
        sample.scores().forEach((score, value) -> scores.put(score.id(), value));
        ArrayNode symptoms = json.putArray("symptoms");
        sample.symptoms().forEach(symptom -> symptoms.add(id(symptom)));
        return json;
    }

    private static ObjectNode of(Drift drift) {
        ObjectNode json = JsonFile.newObject();
        json.put("against", drift.against());
        number(json, "relative_change", drift.relative());
        ArrayNode blocks = json.putArray("blocks");
        for (Block block : drift.blocks()) {
            ObjectNode node = blocks.addObject();
            node.put("list", block.list());
            node.put("block", block.number());
            number(node, "relative_change", block.relative());
            ObjectNode kinds = node.putObject("kinds");
            block.kinds().forEach((kind, change) -> number(kinds, kind.id(), change));
        }
        ObjectNode outside = json.putObject("outside_blocks");
        drift.outside().forEach((module, change) -> number(outside, module, change));
        return json;
    }

    private static void names(Names names, ObjectNode node) {
        node.put("count", names.count());
        names.first().forEach(node.putArray("first")::add);
    }

    /// JSON has neither NaN nor infinity.
    private static void number(ObjectNode node, String field, double value) {
        if (Double.isFinite(value)) {
            node.put(field, value);
        } else {
            node.putNull(field);
        }
    }

    private static String id(VideoSymptom symptom) {
        return symptom.name().toLowerCase(Locale.ROOT);
    }

    /// Reads a report.
    ///
    /// @throws MalformedFileException `journal` for anything that was not written by [#of(WatchReport)]
    public static WatchReport read(Path file) throws IOException {
        ObjectNode json = JsonFile.readObject(file, LARGEST, ProblemCode.JOURNAL);
        try {
            return report(RequestFields.of(json, JOB, VERSION));
        } catch (InvalidRequestException e) {
            throw new MalformedFileException(
                    new Problem(ProblemCode.JOURNAL, Place.of(file), e.problem().message()));
        }
    }

    private static WatchReport report(RequestFields fields) {
        List<String> prompts = fields.texts("prompts", MOST, LONGEST_PROMPT);
        WatchReport report = new WatchReport(
                fields.requiredText("run"),
                fields.requiredText("model"),
                fields.large("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElseThrow(() -> fields.missing("seed")),
                fields.flag("full"),
                prompts,
                settings(fields),
                fields.objects("checkpoints", MOST).stream()
                        .map(one -> checkpoint(one, prompts.size()))
                        .toList());
        fields.object("preferred"); // follows from the rest
        fields.end();
        return report;
    }

    private static SequencedMap<String, String> settings(RequestFields fields) {
        SequencedMap<String, String> settings = new LinkedHashMap<>();
        fields.raw("settings").properties().forEach(setting -> {
            String value = setting.getValue().stringValue(null);
            if (value == null || value.length() > LONGEST_PROMPT || settings.size() == MOST) {
                throw fields.wrong("settings", setting.getKey());
            }
            settings.put(setting.getKey(), value);
        });
        return settings;
    }

    private static WatchedCheckpoint checkpoint(RequestFields fields, int prompts) {
        RequestFields training = fields.object("training");
        WatchedCheckpoint checkpoint = new WatchedCheckpoint(
                name(fields, "name"),
                fields.requiredText("kind"),
                fields.large("number", 0, Long.MAX_VALUE).orElseThrow(() -> fields.missing("number")),
                word(fields, "state", State.values(), State::id),
                fields.flag("deleted"),
                fields.has("problem") ? Optional.of(trouble(fields.object("problem"))) : Optional.empty(),
                fields.has("mark") ? Optional.of(mark(fields.object("mark"))) : Optional.empty(),
                new Training(
                        training.large("step", 0, Long.MAX_VALUE),
                        training.text("trainer"),
                        training.number("learning_rate"),
                        training.number("loss")),
                fields.objects("samples", MOST).stream()
                        .map(one -> sample(one, prompts))
                        .toList(),
                fields.has("from_base") ? Optional.of(drift(fields.object("from_base"))) : Optional.empty(),
                fields.has("from_previous") ? Optional.of(drift(fields.object("from_previous"))) : Optional.empty(),
                fields.has("values") ? Optional.of(values(fields.object("values"))) : Optional.empty(),
                fields.objects("alarms").stream().map(WatchReportJson::alarm).toList());
        training.end();
        fields.end();
        return checkpoint;
    }

    private static Trouble trouble(RequestFields fields) {
        Trouble trouble =
                new Trouble(fields.requiredText("code"), fields.requiredText("en"), fields.requiredText("zh"));
        fields.end();
        return trouble;
    }

    private static Mark mark(RequestFields fields) {
        long modified =
                fields.large("modified", Long.MIN_VALUE, Long.MAX_VALUE).orElseThrow(() -> fields.missing("modified"));
        Mark mark = new Mark(
                plain(fields, "file", fields.requiredText("file")),
                fields.large("size", 0, Long.MAX_VALUE).orElseThrow(() -> fields.missing("size")),
                modified,
                fields.large("newest", Long.MIN_VALUE, Long.MAX_VALUE).orElse(modified));
        fields.end();
        return mark;
    }

    private static Sample sample(RequestFields fields, int prompts) {
        Map<Score, Double> scores = new EnumMap<>(Score.class);
        fields.numbers("scores", MOST).forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw fields.wrong("scores", value);
            }
            scores.put(word(fields, "scores", name, Score.values(), Score::id), value);
        });
        Set<VideoSymptom> symptoms = EnumSet.noneOf(VideoSymptom.class);
        fields.texts("symptoms", MOST, LONGEST_NAME)
                .forEach(name ->
                        symptoms.add(word(fields, "symptoms", name, VideoSymptom.values(), WatchReportJson::id)));
        Sample sample = new Sample(
                fields.whole("prompt", 0, prompts - 1).orElseThrow(() -> fields.missing("prompt")),
                plain(fields, "video", fields.requiredText("video")),
                scores,
                symptoms);
        fields.end();
        return sample;
    }

    private static Drift drift(RequestFields fields) {
        Drift drift = new Drift(
                fields.requiredText("against"),
                orNan(fields.number("relative_change")),
                fields.objects("blocks", MOST).stream()
                        .map(WatchReportJson::block)
                        .toList(),
                fields.numbers("outside_blocks", MOST));
        fields.end();
        return drift;
    }

    private static Block block(RequestFields fields) {
        Map<LayerKind, Double> kinds = new EnumMap<>(LayerKind.class);
        fields.numbers("kinds", MOST)
                .forEach((name, value) ->
                        kinds.put(word(fields, "kinds", name, LayerKind.values(), LayerKind::id), value));
        Block block = new Block(
                fields.requiredText("list"),
                fields.whole("block", 0, Integer.MAX_VALUE).orElseThrow(() -> fields.missing("block")),
                orNan(fields.number("relative_change")),
                kinds);
        fields.end();
        return block;
    }

    private static Values values(RequestFields fields) {
        Values values = new Values(
                fields.text("sha256"),
                fields.large("tensors", 0, Long.MAX_VALUE).orElse(0),
                names(fields.object("nan")),
                names(fields.object("infinite")),
                names(fields.object("dead")));
        fields.end();
        return values;
    }

    private static Names names(RequestFields fields) {
        Names names = new Names(
                fields.large("count", 0, Long.MAX_VALUE).orElse(0), fields.texts("first", Names.MOST, LONGEST_NAME));
        fields.end();
        return names;
    }

    private static Alarm alarm(RequestFields fields) {
        Alarm alarm = new Alarm(
                word(fields, "kind", AlarmKind.values(), AlarmKind::id),
                fields.requiredText("en"),
                fields.requiredText("zh"));
        fields.end();
        return alarm;
    }

    private static double orNan(OptionalDouble value) {
        return value.orElse(Double.NaN);
    }

    private static String name(RequestFields fields, String field) {
        String name = fields.requiredText(field);
        return PlainFileName.of(name)
                .orElseThrow(() -> fields.wrong(field, name))
                .value();
    }

    /// A path below a folder: plain names with `/` between them.
    private static String plain(RequestFields fields, String field, String path) {
        Predicate<String> bad = name -> PlainFileName.of(name).isEmpty();
        if (Arrays.stream(path.split("/", -1)).anyMatch(bad)) {
            throw fields.wrong(field, path);
        }
        return path;
    }

    private static <E> E word(RequestFields fields, String field, E[] values, Function<E, String> id) {
        return word(fields, field, fields.requiredText(field), values, id);
    }

    private static <E> E word(RequestFields fields, String field, String word, E[] values, Function<E, String> id) {
        return Arrays.stream(values)
                .filter(value -> id.apply(value).equals(word))
                .findFirst()
                .orElseThrow(() -> fields.wrong(field, word));
    }
}
