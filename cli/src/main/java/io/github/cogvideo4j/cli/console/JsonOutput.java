package io.github.cogvideo4j.cli.console;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failure;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The one JSON object that a run with `--json` prints, whatever happens: `exitCode`, then `result` or `error`,
/// then `findings`, `warnings` and `notes`. Documented for users in `docs/json.md`.
final class JsonOutput {
    private JsonOutput() {}

    /// The object of a run that came to a result.
    static String result(ExitCode exit, Optional<ObjectNode> result, Told told, Locale locale) {
        ObjectNode output = JsonFile.newObject();
        output.put("exitCode", exit.value());
        output.set("result", result.orElseGet(JsonFile::newObject));
        return JsonFile.format(withTold(output, told, locale));
    }

    /// The object of a run that failed, with what had come of it until then.
    ///
    /// @param kept files that stay
    static String error(Failure failure, Optional<ObjectNode> result, List<Path> kept, Told told, Locale locale) {
        ObjectNode output = JsonFile.newObject();
        output.put("exitCode", failure.exit().value());
        ObjectNode error = problem(failure.code(), failure.message(), failure.place(), locale);
        failure.hint().ifPresent(hint -> error.put("hint", hint.text(locale)));
        output.set("error", error);
        result.ifPresent(partial -> output.set("result", partial));
        if (!kept.isEmpty()) {
            ArrayNode files = output.putArray("kept");
            kept.forEach(file -> files.add(file.toString()));
        }
        return JsonFile.format(withTold(output, told, locale));
    }

    /// A problem as an object: `code` and `message`, and `file`, `offset` and `tensor` where they are known.
    static ObjectNode problem(String code, Message message, Place place, Locale locale) {
        ObjectNode node = JsonFile.newObject();
        node.put("code", code);
        node.put("message", message.text(locale));
        place.file().ifPresent(file -> node.put("file", file.toString()));
        place.offset().ifPresent(offset -> node.put("offset", offset));
        place.tensor().ifPresent(tensor -> node.put("tensor", tensor));
        return node;
    }

    /// The problems that were told on the way.
    ///
    /// @param findings what a check found
    /// @param warnings what is probably not wanted
    /// @param notes    what was chosen or assumed
    record Told(List<Problem> findings, List<Problem> warnings, List<Problem> notes) {}

    private static ObjectNode withTold(ObjectNode output, Told told, Locale locale) {
        addAll(output, "findings", told.findings(), locale);
        addAll(output, "warnings", told.warnings(), locale);
        addAll(output, "notes", told.notes(), locale);
        return output;
    }

    private static void addAll(ObjectNode output, String field, List<Problem> problems, Locale locale) {
        var list = output.putArray(field);
        problems.forEach(problem -> list.add(problem(problem.code().id(), problem.message(), problem.place(), locale)));
    }
}
