package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/// The files that one request brings, each straight to the disk under a name of ours. Closed without [#keep()], it
/// deletes them all.
public final class Uploads implements AutoCloseable {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int NAME_BYTES = 16;
    private static final int BLOCK = 48 << 10;
    private static final int LONGEST_DATA_HEAD = 200;

    private final Path folder;
    private final List<String> names = new ArrayList<>();
    private boolean kept;

    /// @param folder where they go, readable by this user only
    public Uploads(Path folder) {
        this.folder = folder;
    }

    /// The folder.
    Path folder() {
        return folder;
    }

    /// Where a file lies.
    Path path(String name) {
        return folder.resolve(name);
    }

    /// A new name, which is this request's from now on.
    String newName() {
        byte[] bytes = new byte[NAME_BYTES];
        RANDOM.nextBytes(bytes);
        return adopt(HexFormat.of().formatHex(bytes) + ".part");
    }

    /// Takes over a file that was put into the folder for this request.
    public String adopt(String name) {
        names.add(name);
        return name;
    }

    /// Stores what a data URL holds.
    ///
    /// @param text  the URL
    /// @param field the field that it stands in
    /// @param most  the most bytes
    String store(Reader text, String field, long most) throws IOException {
        StringBuilder head = new StringBuilder();
        int c;
        while ((c = text.read()) != ',') {
            if (c < 0 || head.length() > LONGEST_DATA_HEAD) {
                throw noDataUrl(head, field);
            }
            head.append((char) c);
        }
        if (!head.toString().regionMatches(true, 0, "data:", 0, "data:".length())
                || !head.toString().endsWith(";base64")) {
            throw noDataUrl(head, field);
        }
        String name = newName();
        try (OutputStream out = Files.newOutputStream(path(name), StandardOpenOption.CREATE_NEW)) {
            decode(text, out, field, most);
        }
        return name;
    }

    /// URLs of the web are never opened, so nothing is fetched in the name of this server.
    private static ApiException noDataUrl(StringBuilder head, String field) {
        String scheme = head.substring(0, Math.max(0, head.indexOf(":")));
        return scheme.equalsIgnoreCase("data")
                ? ApiException.invalid(field, "server.request.data-url", field)
                : ApiException.invalid(field, "server.request.url", field);
    }

    private static void decode(Reader text, OutputStream out, String field, long most) throws IOException {
        char[] block = new char[BLOCK];
        byte[] letters = new byte[BLOCK];
        int filled = 0;
        long written = 0;
        while (true) {
            int count = text.read(block, 0, BLOCK - filled);
            for (int i = 0; i < count; i++) {
                if (block[i] > 0x7F) {
                    throw ApiException.invalid(field, "server.request.data-url", field);
                }
                letters[filled++] = (byte) block[i];
            }
            if (filled < BLOCK && count >= 0) {
                continue;
            }
            byte[] bytes;
            try {
                bytes = Base64.getDecoder().decode(Arrays.copyOf(letters, filled));
            } catch (IllegalArgumentException _) {
                throw ApiException.invalid(field, "server.request.data-url", field);
            }
            written += bytes.length;
            if (written > most) {
                throw tooLarge(field, most);
            }
            out.write(bytes);
            filled = 0;
            if (count < 0) {
                return;
            }
        }
    }

    /// Stores a stream.
    String store(InputStream bytes, String field, long most) throws IOException {
        String name = newName();
        try (OutputStream out = Files.newOutputStream(path(name), StandardOpenOption.CREATE_NEW)) {
            byte[] block = new byte[BLOCK];
            long written = 0;
            int count;
            while ((count = bytes.read(block)) >= 0) {
                written += count;
                if (written > most) {
                    throw tooLarge(field, most);
                }
                out.write(block, 0, count);
            }
        }
        return name;
    }

    static ApiException tooLarge(String field, long most) {
        return ApiException.of(
                        413, ErrorType.INVALID_REQUEST_ERROR, "request_too_large", "server.request.large", field, most)
                .at(field);
    }

    /// Leaves the files to whoever took the request.
    public void keep() {
        kept = true;
    }

    @Override
    public void close() {
        if (kept) {
            return;
        }
        for (String name : names) {
            try {
                Files.deleteIfExists(path(name));
            } catch (IOException _) {
                // It is swept later, as what no job names is.
            }
        }
    }
}
