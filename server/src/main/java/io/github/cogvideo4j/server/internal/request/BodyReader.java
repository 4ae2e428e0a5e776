package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The reader of request bodies: JSON and forms.
final class BodyReader {
    static final long LARGEST_BODY = 64L << 20;
    static final int MOST_PARTS = 64;

    private static final long LARGEST_JSON = 28L << 20;
    private static final int LARGEST_TEXT = 64 << 10;
    private static final int IN_MEMORY = 64 << 10;
    private static final String MULTIPART = "multipart/form-data";
    private static final String JSON = "application/json";

    /// Large JSON bodies become large trees, so few are read at once.
    private static final Semaphore LARGE = new Semaphore(2);

    private BodyReader() {}

    /// Reads a body. A request without any is one without fields.
    static Body read(HttpServletRequest request, Uploads uploads) throws IOException {
        String type = request.getContentType() == null
                ? ""
                : request.getContentType().split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        if (type.equals(MULTIPART)) {
            return form(request, uploads);
        }
        if (type.equals(JSON) || (type.isEmpty() && request.getContentLengthLong() <= 0 && !isChunked(request))) {
            return json(request, uploads);
        }
        throw ApiException.of(
                415, ErrorType.INVALID_REQUEST_ERROR, "unsupported_media_type", "server.request.media-type");
    }

    private static boolean isChunked(HttpServletRequest request) {
        return request.getHeader("Transfer-Encoding") != null;
    }

    private static Body json(HttpServletRequest request, Uploads uploads) throws IOException {
        if (request.getContentLengthLong() > LARGEST_JSON) {
            throw Uploads.tooLarge("body", LARGEST_JSON);
        }
        InputStream in = request.getInputStream();
        byte[] start = in.readNBytes(IN_MEMORY);
        if (start.length == 0) {
            return new Body(JsonFile.newObject(), new LinkedHashMap<>());
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

    private static Body body(JsonNode tree, Uploads uploads) throws IOException {
        if (tree instanceof ObjectNode object) {
            Body body = new Body(object, new LinkedHashMap<>());
            storeDataUrls(body, uploads);
            return body;
        }
        throw ApiException.of(400, ErrorType.INVALID_REQUEST_ERROR, "invalid_json", "server.request.no-object", "body");
    }

    /// Replaces data URLs by files, so that they are not kept in memory.
    private static void storeDataUrls(Body body, Uploads uploads) throws IOException {
        References.storeAll(body, uploads);
    }

    private static Body form(HttpServletRequest request, Uploads uploads) throws IOException {
        if (request.getContentLengthLong() > LARGEST_BODY) {
            throw Uploads.tooLarge("body", LARGEST_BODY);
        }
        request.setAttribute(
                "org.eclipse.jetty.multipartConfig",
                new MultipartConfigElement(uploads.folder().toString(), LARGEST_BODY, LARGEST_BODY, IN_MEMORY));
        Collection<Part> parts = parts(request);
        try {
            if (parts.size() > MOST_PARTS) {
                throw tooManyParts();
            }
            ObjectNode fields = JsonFile.newObject();
            Map<String, String> files = new LinkedHashMap<>();
            for (Part part : parts) {
                String name = part.getName() == null ? "" : part.getName();
                if (part.getSubmittedFileName() != null) {
                    String field = References.field(name);
                    String upload = uploads.newName();
                    part.write(upload);
                    if (files.putIfAbsent(field, upload) != null) {
                        throw ApiException.invalid(field, "server.request.twice", field);
                    }
                } else if (References.isUrl(name) && part.getSize() > LARGEST_TEXT) {
                    String field = References.field(name.substring(0, name.indexOf('[')));
                    try (Reader text = new InputStreamReader(part.getInputStream(), StandardCharsets.ISO_8859_1)) {
                        if (files.putIfAbsent(field, uploads.store(text, field, References.LARGEST_DATA)) != null) {
                            throw ApiException.invalid(field, "server.request.twice", field);
                        }
                    }
                } else {
                    Body.put(fields, name, text(part, name));
                }
            }
            Body body = new Body(fields, files);
            storeDataUrls(body, uploads);
            return body;
        } finally {
            for (Part part : parts) {
                // One with a file gave it away: to delete it would delete the upload.
                if (part.getSubmittedFileName() == null) {
                    part.delete();
                }
            }
        }
    }

    private static String text(Part part, String name) throws IOException {
        if (part.getSize() > LARGEST_TEXT) {
            throw Uploads.tooLarge(Body.shown(name), LARGEST_TEXT);
        }
        try (InputStream in = part.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// What the container throws of a form that is too large, or is none, has no type of its own.
    private static Collection<Part> parts(HttpServletRequest request) throws IOException {
        try {
            return request.getParts();
        } catch (ServletException | IllegalStateException | IllegalArgumentException e) {
            throw refused(e);
        } catch (IOException | RuntimeException e) {
            throw refused(e);
        }
    }

    private static RuntimeException refused(Exception e) throws IOException {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
            if (text.contains("max parts") || text.contains("maxparts") || text.contains("too many parts")) {
                return tooManyParts();
            }
            if (text.contains("max length")
                    || text.contains("maxlength")
                    || text.contains("max file size")
                    || text.contains("413")
                    || text.contains("exceed")
                    || text.contains("max size")) {
                return Uploads.tooLarge("body", LARGEST_BODY);
            }
            if (cause instanceof java.util.concurrent.TimeoutException) {
                return ApiException.of(408, ErrorType.INVALID_REQUEST_ERROR, "request_timeout", "server.request.slow");
            }
        }
        if (e instanceof org.eclipse.jetty.io.EofException eof) {
            throw eof;
        }
        return ApiException.of(400, ErrorType.INVALID_REQUEST_ERROR, "invalid_form", "server.request.form");
    }

    private static ApiException tooManyParts() {
        return ApiException.of(
                413, ErrorType.INVALID_REQUEST_ERROR, "request_too_large", "server.request.parts", MOST_PARTS);
    }
}
