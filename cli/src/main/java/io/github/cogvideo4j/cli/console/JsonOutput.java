package io.github.cogvideo4j.cli.console;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failure;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The one JSON object that a run with `--json` prints, whatever happens: `exitCode`, then `result` or `error`,
/// then `warnings`. Documented for users in `docs/json.md`.
final class JsonOutput {
    private JsonOutput() {}

    /// The object of a run that came to a result.
    static String result(ExitCode exit, Optional<ObjectNode> result, List<Problem> warnings, Locale locale) {
        ObjectNode output = JsonFile.newObject();
        output.put("exitCode", exit.value());
        output.set("result", result.orElseGet(JsonFile::newObject));
        return JsonFile.format(withWarnings(output, warnings, locale));
    }

    /// The object of a run that failed.
    static String error(Failure failure, List<Problem> warnings, Locale locale) {
        ObjectNode output = JsonFile.newObject();
        output.put("exitCode", failure.exit().value());
        ObjectNode error = problem(failure.code(), failure.message(), failure.place(), locale);
        failure.hint().ifPresent(hint -> error.put("hint", hint.text(locale)));
        output.set("error", error);
        return JsonFile.format(withWarnings(output, warnings, locale));
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

    private static ObjectNode withWarnings(ObjectNode output, List<Problem> warnings, Locale locale) {
        var list = output.putArray("warnings");
        warnings.forEach(warning -> list.add(problem(warning.code().id(), warning.message(), warning.place(), locale)));
        return output;
    }
}
