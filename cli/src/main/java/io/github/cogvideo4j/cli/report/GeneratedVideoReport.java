package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.video.VideoCheck;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The report on a video that was written.
///
/// @param video the video
public record GeneratedVideoReport(GeneratedVideo video) {
    /// For people.
    public void print(Console console) {
        console.print(
                "cli.generate.done",
                video.files().video(),
                video.frames(),
                video.width(),
                video.height(),
                video.framesPerSecond(),
                video.seed());
        video.check().ifPresent(check -> judge(check, console));
    }

    /// Says in words what a trial video is.
    private void judge(VideoCheck check, Console console) {
        for (VideoCheck.VideoSymptom symptom : check.symptoms()) {
            Place place = Place.of(video.files().video());
            console.finding(Problem.of(ProblemCode.VIDEO, place, "cli.smoke." + word(symptom)));
        }
        if (check.symptoms().isEmpty()) {
            console.print("cli.smoke.sound", Math.round(check.brightness()), Math.round(check.contrast()));
        }
    }

    /// Whether nothing is wrong with it, as far as can be seen.
    public boolean isSound() {
        return video.check().stream().allMatch(check -> check.symptoms().isEmpty());
    }

    /// For machines.
    public ObjectNode json() {
        ObjectNode json = JsonFile.newObject();
        json.put("path", video.files().video().toString());
        json.put("record", video.files().record().toString());
        video.files().contactSheet().ifPresent(file -> json.put("contact_sheet", file.toString()));
        video.files().latents().ifPresent(file -> json.put("latents", file.toString()));
        json.setAll(video.json());
        video.check().ifPresent(check -> {
            ObjectNode numbers = json.putObject("check");
            numbers.put("brightness", check.brightness());
            numbers.put("contrast", check.contrast());
            numbers.put("motion", check.motion());
            numbers.put("smoothness", check.smoothness());
            ArrayNode symptoms = numbers.putArray("symptoms");
            check.symptoms().forEach(symptom -> symptoms.add(word(symptom)));
        });
        return json;
    }

    private static String word(VideoCheck.VideoSymptom symptom) {
        return symptom.name().toLowerCase(Locale.ROOT);
    }
}
