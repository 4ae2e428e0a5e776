package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPart.Part;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.http.MultiPartFormData.Parts;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.thread.Invocable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The reader of request bodies: JSON and forms.
final class BodyReader {
    static final long LARGEST_BODY = 64L << 20;
    static final int MOST_PARTS = 64;

    private static final long LARGEST_JSON = 28L << 20;
    private static final int LARGEST_TEXT = 64 << 10;
    private static final int IN_MEMORY = 64 << 10;
    private static final int LONGEST_HEAD = 8 << 10;
    private static final String MULTIPART = "multipart/form-data";
    private static final String JSON = "application/json";

    /// Large JSON bodies become large trees, so few are read at once.
    private static final Semaphore LARGE = new Semaphore(2);

    private BodyReader() {}

    /// Reads a body. A request without any is one without fields.
    static RequestBody read(HttpServletRequest request, Uploads uploads) throws IOException {
        String type = request.getContentType() == null
                ? ""
                : request.getContentType().split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        if (type.equals(MULTIPART)) {
            return form(request, uploads);
        }
        if (type.equals(JSON) || (type.isEmpty() && request.getContentLengthLong() <= 0 && !isChunked(request))) {
            try {
                return json(request, uploads);
            } catch (IOException e) {
                // Javalin would answer it without a word.
                if (isTooSlow(e)) {
                    throw tooSlow();
                }
                throw e;
            }
        }
        throw ApiException.of(
                415, ErrorType.INVALID_REQUEST_ERROR, "unsupported_media_type", "server.request.media-type");
    }

    private static boolean isChunked(HttpServletRequest request) {
        return request.getHeader("Transfer-Encoding") != null;
    }

    private static RequestBody json(HttpServletRequest request, Uploads uploads) throws IOException {
        if (request.getContentLengthLong() > LARGEST_JSON) {
            throw Uploads.tooLarge("body", LARGEST_JSON);
        }
        InputStream in = request.getInputStream();
        byte[] start = in.readNBytes(IN_MEMORY);
        if (start.length == 0) {
            return new RequestBody(JsonFile.newObject(), new LinkedHashMap<>());
        }
        if (start.length < IN_MEMORY) {
            return body(StrictJson.read(new ByteArrayInputStream(start)), uploads);
        }
        // To the disk first: whoever sends slowly keeps a file open, and no memory.
        InputStream whole = new SequenceInputStream(new ByteArrayInputStream(start), in);
        String spool = uploads.store(whole, "body", LARGEST_JSON);
        LARGE.acquireUninterruptibly();
        try {
            return body(StrictJson.read(Files.newInputStream(uploads.path(spool))), uploads);
        } finally {
            Files.deleteIfExists(uploads.path(spool));
            LARGE.release();
        }
    }

    private static RequestBody body(JsonNode tree, Uploads uploads) throws IOException {
        if (tree instanceof ObjectNode object) {
            RequestBody body = new RequestBody(object, new LinkedHashMap<>());
            storeDataUrls(body, uploads);
            return body;
        }
        throw ApiException.of(400, ErrorType.INVALID_REQUEST_ERROR, "invalid_json", "server.request.no-object", "body");
    }

    /// Replaces data URLs by files, so that they are not kept in memory.
    private static void storeDataUrls(RequestBody body, Uploads uploads) throws IOException {
        References.storeAll(body, uploads);
    }

    private static RequestBody form(HttpServletRequest request, Uploads uploads) throws IOException {
        if (request.getContentLengthLong() > LARGEST_BODY) {
            throw Uploads.tooLarge("body", LARGEST_BODY);
        }
        String boundary = Optional.ofNullable(MultiPart.extractBoundary(request.getContentType()))
                .filter(text -> !text.isEmpty())
                .orElseThrow(BodyReader::noForm);
        try (Parts parts = parts(request, boundary, uploads)) {
            ObjectNode fields = JsonFile.newObject();
            Map<String, String> files = new LinkedHashMap<>();
            for (Part part : parts) {
                take(part, fields, files, uploads);
            }
            RequestBody body = new RequestBody(fields, files);
            storeDataUrls(body, uploads);
            return body;
        }
    }

    /// Parts come through Jetty's parser and not through the servlet's, which keeps all texts in memory.
    private static Parts parts(HttpServletRequest request, String boundary, Uploads uploads) throws IOException {
        MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
        parser.setFilesDirectory(uploads.folder());
        parser.setUseFilesForPartsWithoutFileName(true);
        parser.setMaxMemoryFileSize(IN_MEMORY);
        parser.setMaxLength(LARGEST_BODY);
        parser.setMaxFileSize(LARGEST_BODY);
        parser.setMaxParts(MOST_PARTS);
        parser.setPartHeadersMaxLength(LONGEST_HEAD);
        try {
            CompletableFuture<Parts> parts = new CompletableFuture<>();
            parser.parse(
                    Content.Source.from(request.getInputStream()),
                    Promise.Invocable.from(
                            Invocable.InvocationType.BLOCKING, parts::complete, parts::completeExceptionally));
            return parts.join();
        } catch (CompletionException e) {
            throw refused(e);
        }
    }

    private static void take(Part part, ObjectNode fields, Map<String, String> files, Uploads uploads)
            throws IOException {
        String name = part.getName() == null ? "" : part.getName();
        if (part.getFileName() != null || isBytes(part, name)) {
            String field = References.field(name);
            String upload = uploads.newName();
            part.writeTo(uploads.path(upload));
            putFile(files, field, upload);
        } else if (References.isUrl(name) && part.getLength() > LARGEST_TEXT) {
            String field = References.field(name.substring(0, name.indexOf('[')));
            try (Reader text = new InputStreamReader(stream(part), StandardCharsets.ISO_8859_1)) {
                putFile(files, field, uploads.store(text, field, References.LARGEST_DATA));
            }
        } else if (part.getLength() > LARGEST_TEXT) {
            throw Uploads.tooLarge(RequestBody.shown(name), LARGEST_TEXT);
        } else {
            try (InputStream in = stream(part)) {
                RequestBody.put(fields, name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
    }

    /// A client that has bytes and no file names none: the type tells them from the text of an object then.
    private static boolean isBytes(Part part, String name) {
        String type = part.getHeaders().get("Content-Type");
        return References.FIELDS.contains(name) && type != null && !type.startsWith("text/") && !type.startsWith(JSON);
    }

    private static InputStream stream(Part part) {
        return Content.Source.asInputStream(part.newContentSource(null, 0, -1));
    }

    private static void putFile(Map<String, String> files, String field, String upload) {
        if (files.putIfAbsent(field, upload) != null) {
            throw ApiException.invalid(field, "server.request.twice", field);
        }
    }

    /// The parser tells by sentences alone what was too much.
    private static RuntimeException refused(CompletionException e) throws IOException {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            if (text.contains("too many keys")) {
                return ApiException.of(
                        413, ErrorType.INVALID_REQUEST_ERROR, "request_too_large", "server.request.parts", MOST_PARTS);
            }
            if (text.startsWith("max length exceeded") || text.startsWith("max file size exceeded")) {
                return Uploads.tooLarge("body", LARGEST_BODY);
            }
            if (cause instanceof EofException gone) {
                throw gone;
            }
        }
        return isTooSlow(e) ? tooSlow() : noForm();
    }

    /// Whether a body came with less than the least rate.
    private static boolean isTooSlow(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    private static ApiException tooSlow() {
        return ApiException.of(408, ErrorType.INVALID_REQUEST_ERROR, "request_timeout", "server.request.slow");
    }

    private static ApiException noForm() {
        return ApiException.of(400, ErrorType.INVALID_REQUEST_ERROR, "invalid_form", "server.request.form");
    }
}
