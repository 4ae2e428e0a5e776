package io.github.cogvideo4j.cli.console;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.Locale;
import java.util.stream.Stream;

/// A problem as one line: the sentence, the code to search for, the place.
final class ProblemText {
    private ProblemText() {}

    /// `message [code] (file, at byte N, tensor T)`, with the parts of the place that are known.
    static String line(Message message, String code, Place place, Locale locale) {
        String where = Stream.of(
                        place.file().map(file -> Message.clean(file.toString())).stream(),
                        place.offset().stream()
                                .boxed()
                                .map(byteOffset ->
                                        Message.of("cli.place.byte", byteOffset).text(locale)),
                        place
                                .tensor()
                                .map(name ->
                                        Message.of("cli.place.tensor", name).text(locale))
                                .stream())
                .flatMap(part -> part)
                .reduce((before, next) ->
                        Message.of("cli.place.parts", before, next).text(locale))
                .orElse("");
        String line = message.text(locale) + " [" + code + "]";
        return where.isEmpty() ? line : line + " (" + where + ")";
    }
}
