package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.JobFile;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.request.ApiException;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Files of videos, whole or in part.
final class ContentRoutes {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.RFC_1123_DATE_TIME;
    private static final int BLOCK = 64 << 10;
    private static final List<String> VARIANTS = List.of("video", "thumbnail", "spritesheet", "gif");

    private final Jobs jobs;

    ContentRoutes(Jobs jobs) {
        this.jobs = jobs;
    }

    void register(JavalinDefaultRoutingApi routes) {
        both(routes, "/v1/videos/{id}/content", context -> send(context, kind(context)));
        both(routes, "/v1/videos/{id}/preview", context -> send(context, FileKind.PREVIEW));
        both(routes, "/v1/videos/{id}/record", context -> send(context, FileKind.RECORD));
    }

    private static void both(JavalinDefaultRoutingApi routes, String path, Handler handler) {
        routes.get(path, handler);
        routes.head(path, handler);
    }

    /// Which file a request is for.
    static String variant(Context context) {
        String variant = Optional.ofNullable(context.queryParam("variant")).orElse(VARIANTS.getFirst());
        if (!VARIANTS.contains(variant)) {
            throw ApiException.invalid("variant", "server.request.one-of", "variant", VARIANTS);
        }
        return variant;
    }

    static FileKind kind(Context context) {
        return switch (variant(context)) {
            case "thumbnail" -> FileKind.THUMBNAIL;
            case "spritesheet" -> FileKind.SPRITESHEET;
            case "gif" -> FileKind.GIF;
            default -> FileKind.VIDEO;
        };
    }

    private void send(Context context, FileKind kind) throws IOException {
        String id = VideoRoutes.id(context);
        send(context, jobs.file(AccessCheck.owner(context), id, kind), id);
    }

    /// Answers with a file or with the part that is asked for.
    static void send(Context context, JobFile file, String id) throws IOException {
        String etag = "\"" + file.sha256() + "\"";
        String modified = HTTP_DATE.format(ZonedDateTime.ofInstant(file.modified(), ZoneOffset.UTC));
        context.header("ETag", etag);
        context.header("Last-Modified", modified);
        context.header("Accept-Ranges", "bytes");
        context.header("Cache-Control", "private, no-cache");
        // Javalin says an encoding for everything; a video has none.
        context.res().setCharacterEncoding(null);
        context.contentType(file.kind().mediaType());
        String name = id + ending(file.kind().fileName());
        context.header("Content-Disposition", "inline; filename=\"" + name + "\"");
        String known = context.header("If-None-Match");
        if (known == null ? modified.equals(context.header("If-Modified-Since")) : isKnown(known, etag)) {
            context.status(304);
            return;
        }
        String range = context.header("Range");
        String unless = context.header("If-Range");
        if (range == null || (unless != null && !unless.equals(etag) && !unless.equals(modified))) {
            write(context, file, 0, file.size());
            return;
        }
        Matcher matcher = RANGE.matcher(range);
        if (!matcher.matches()
                || (matcher.group(1).isEmpty() && matcher.group(2).isEmpty())) {
            // Several ranges, or another unit: the whole may always be sent instead.
            write(context, file, 0, file.size());
            return;
        }
        part(context, file, matcher.group(1), matcher.group(2));
    }

    private static void part(Context context, JobFile file, String first, String last) throws IOException {
        long from = first.isEmpty() ? Math.max(0, file.size() - Long.parseLong(last)) : Long.parseLong(first);
        long to = first.isEmpty() || last.isEmpty() ? file.size() - 1 : Math.min(Long.parseLong(last), file.size() - 1);
        if (from >= file.size() || from > to) {
            context.status(416);
            context.header("Content-Range", "bytes */" + file.size());
            context.removeHeader("Content-Disposition");
            throw Answers.refusal(416, ApiException.ErrorType.INVALID_REQUEST_ERROR, "range_not_satisfiable");
        }
        context.status(206);
        context.header("Content-Range", "bytes %d-%d/%d".formatted(from, to, file.size()));
        write(context, file, from, to - from + 1);
    }

    /// The bytes go straight to the client: never compressed, never in memory as a whole.
    private static void write(Context context, JobFile file, long from, long length) throws IOException {
        if (context.method().equals(HandlerType.HEAD)) {
            context.res().setContentLengthLong(length);
            return;
        }
        try (FileChannel channel = FileChannel.open(file.path())) {
            context.res().setContentLengthLong(length);
            OutputStream out = context.res().getOutputStream();
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            long position = from;
            long left = length;
            while (left > 0) {
                block.clear().limit((int) Math.min(BLOCK, left));
                int count = channel.read(block, position);
                if (count < 0) {
                    throw new IOException("shorter than it was: " + file.path().getFileName());
                }
                out.write(block.array(), 0, count);
                position += count;
                left -= count;
            }
            out.flush();
        }
    }

    private static boolean isKnown(String header, String etag) {
        return Arrays.stream(header.split(",", -1))
                .map(tag -> tag.strip().replaceFirst("^W/", ""))
                .anyMatch(tag -> tag.equals(etag) || tag.equals("*"));
    }

    private static String ending(String fileName) {
        return fileName.substring(fileName.indexOf('.'));
    }
}
