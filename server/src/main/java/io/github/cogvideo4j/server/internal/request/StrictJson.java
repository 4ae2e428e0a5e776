package io.github.cogvideo4j.server.internal.request;

import java.io.IOException;
import java.io.InputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// JSON of clients: nesting, names, numbers and texts are bounded, and a name that comes twice is refused.
public final class StrictJson {
    /// The most characters of a text: a data URL of 20 MiB, as the API's description has it, and some room.
    static final int LONGEST_TEXT = 28 << 20;

    private static final int DEEPEST = 32;
    private static final int LONGEST_NUMBER = 100;
    private static final int LONGEST_NAME = 200;
    private static final int MOST_TOKENS = 10_000;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxNumberLength(LONGEST_NUMBER)
                            .maxNameLength(LONGEST_NAME)
                            .maxTokenCount(MOST_TOKENS)
                            .maxStringLength(LONGEST_TEXT)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /// Reads one value.
    ///
    /// @throws ApiException 400 `invalid_json` for anything else
    static JsonNode read(InputStream bytes) throws IOException {
        try (bytes) {
            return MAPPER.readTree(bytes);
        } catch (JacksonException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw damaged(e);
        }
    }

    /// Reads a text with one value.
    ///
    /// @throws ApiException 400 `invalid_json` for anything else
    public static JsonNode read(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw damaged(e);
        }
    }

    private static ApiException damaged(JacksonException e) {
        int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
        int column = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getColumnNr());
        return ApiException.of(
                400, ApiException.ErrorType.INVALID_REQUEST_ERROR, "invalid_json", "server.request.json", line, column);
    }
}
