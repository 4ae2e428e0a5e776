package io.github.cogvideo4j.formats.internal;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/// A JSON document pulled token by token from a file that may be hostile: UTF-8 to the letter, shallow, strings
/// of bounded length, and a budget for the memory that its contents take once they are kept.
///
/// Every fault becomes a [MalformedFileException] with the code and the place given here.
public final class JsonPull implements AutoCloseable {
    private static final int DEEPEST = 100;
    private static final int LONGEST_NAME = 1 << 16;
    private static final int LONGEST_STRING = 1 << 24;
    private static final int LONGEST_NUMBER = 100;
    private static final long BUDGET = 128L << 20;

    // Names are not canonicalised: a table of them would outlive the document, and hostile names can make it
    // collide.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxNameLength(LONGEST_NAME)
                    .maxStringLength(LONGEST_STRING)
                    .maxNumberLength(LONGEST_NUMBER)
                    .build())
            .build();

    private final JsonParser parser;
    private final ProblemCode code;
    private final Place place;
    private long budget = BUDGET;

    /// Starts to read a document.
    ///
    /// @param utf8  the document's bytes; ends where the document ends
    /// @param code  the code of every fault
    /// @param place the place of every fault
    public JsonPull(InputStream utf8, ProblemCode code, Place place) throws IOException {
        this.code = code;
        this.place = place;
        this.parser = guarded(() -> FACTORY.createParser(
                ObjectReadContext.empty(),
                new InputStreamReader(
                        utf8,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT))));
    }

    /// The next token; the document must not end here.
    public JsonToken next() throws IOException {
        JsonToken token = guarded(parser::nextToken);
        if (token == null) {
            throw syntax();
        }
        return token;
    }

    /// Checks that nothing but white space follows.
    public void end() throws IOException {
        if (guarded(parser::nextToken) != null) {
            throw syntax();
        }
    }

    /// Leaves out the value at hand: to its end when it is an object or an array.
    public void skip() throws IOException {
        guarded(parser::skipChildren);
    }

    /// The text of the name, string or number at hand, which is charged to the budget.
    public String text() throws IOException {
        String text = guarded(parser::getString);
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                boolean paired = i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
                if (!paired) {
                    throw fault("formats.json.encoding");
                }
                i++;
            }
        }
        charge(2L * text.length());
        return text;
    }

    /// Counts memory that what was read takes.
    ///
    /// @throws MalformedFileException when the document takes more than any real one
    public void charge(long bytes) {
        budget -= bytes;
        if (budget < 0) {
            throw fault("formats.json.too-large", BUDGET >> 20);
        }
    }

    /// An exception with this document's code and place.
    public MalformedFileException fault(String key, Object... arguments) {
        return new MalformedFileException(code, place, key, arguments);
    }

    @Override
    public void close() throws IOException {
        guarded(() -> {
            parser.close();
            return parser;
        });
    }

    private MalformedFileException syntax() {
        TokenStreamLocation at = parser.currentLocation();
        return fault("formats.json.syntax", at.getLineNr(), at.getColumnNr());
    }

    @FunctionalInterface
    private interface Step<T extends @org.jspecify.annotations.Nullable Object> {
        T take() throws JacksonException;
    }

    private <T extends @org.jspecify.annotations.Nullable Object> T guarded(Step<T> step) throws IOException {
        try {
            return step.take();
        } catch (StreamConstraintsException e) {
            throw fault("formats.json.limits");
        } catch (JacksonIOException e) {
            if (e.getCause() instanceof CharacterCodingException) {
                throw fault("formats.json.encoding");
            }
            throw e.getCause();
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation() == null ? TokenStreamLocation.NA : e.getLocation();
            throw fault("formats.json.syntax", at.getLineNr(), at.getColumnNr());
        }
    }
}
