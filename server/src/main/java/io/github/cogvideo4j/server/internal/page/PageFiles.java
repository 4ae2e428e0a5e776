package io.github.cogvideo4j.server.internal.page;

import io.github.cogvideo4j.server.internal.security.Sha256;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The files of the page, in memory from the start. Each has its own route and no other path is looked at, so there
/// is no name that could lead out of them.
///
/// Nothing is built: the files are modules of JavaScript as they were written, and Lit's as its WebJars have them.
/// Their bare imports (`lit`) need an import map, which browsers take only from the page itself; the policy allows
/// this one script by its hash.
public final class PageFiles {
    private static final String FOLDER = "/io/github/cogvideo4j/server/page/";
    private static final String INDEX = "index.html";
    private static final List<String> OWN = List.of(
            "api.js",
            "app.js",
            "base.css",
            "compare.js",
            "create.js",
            "detail.js",
            "dialog.js",
            "draft.js",
            "en.json",
            "estimate.js",
            "gallery.js",
            "icon.svg",
            "icons.js",
            "media.js",
            "model.js",
            "parts.css",
            "queue.js",
            "request.js",
            "scheme.js",
            "settings.js",
            "state.js",
            "words.js",
            "zh.json");

    /// What the page imports of Lit, and what that imports.
    private static final List<String> LIT = List.of(
            "lit/index.js",
            "lit/directive.js",
            "lit/directives/live.js",
            "lit/directives/repeat.js",
            "lit-html/lit-html.js",
            "lit-html/is-server.js",
            "lit-html/directive.js",
            "lit-html/directive-helpers.js",
            "lit-html/directives/live.js",
            "lit-html/directives/repeat.js",
            "lit-element/lit-element.js",
            "lit__reactive-element/reactive-element.js",
            "lit__reactive-element/css-tag.js");

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "json", "application/json; charset=utf-8",
            "svg", "image/svg+xml; charset=utf-8");

    private static final Pattern IMPORT_MAP =
            Pattern.compile("<script type=\"importmap\">(?<text>.*?)</script>", Pattern.DOTALL);

    private final SequencedMap<String, PageFile> files = new LinkedHashMap<>();
    private final String policy;

    /// A file with all that its answer says.
    ///
    /// @param text  its contents, UTF-8 being meant
    /// @param type  its media type
    /// @param etag  the hash of the contents, quoted
    private record PageFile(String text, String type, String etag) {}

    /// Reads the files.
    public PageFiles() {
        String index = read(FOLDER + INDEX);
        for (String path : List.of("/", "/model")) {
            files.put(path, file(INDEX, index));
        }
        OWN.forEach(name -> files.put("/page/" + name, file(name, read(FOLDER + name))));
        for (String name : LIT) {
            String jar = name.substring(0, name.indexOf('/'));
            String inside = "/META-INF/resources/webjars/" + jar + "/" + version(jar) + name.substring(jar.length());
            files.put("/page/lit/" + name, file(name, read(inside)));
        }
        this.policy = policy(index);
    }

    /// The paths that are answered, without a key.
    public List<String> paths() {
        return List.copyOf(files.sequencedKeySet());
    }

    /// What the page's own documents may load: this server's files, pictures and videos that were chosen on the
    /// visitor's machine (`blob:`), and one inline script, the import map.
    public String policy() {
        return policy;
    }

    /// Adds a route for every file.
    public void register(JavalinDefaultRoutingApi routes) {
        files.forEach((path, file) -> {
            routes.get(path, context -> answer(context, file));
            routes.head(path, context -> answer(context, file));
        });
    }

    private void answer(Context context, PageFile file) {
        context.header("ETag", file.etag());
        // A new version of the program shows at once; what has not changed costs 304 and no bytes.
        context.header("Cache-Control", "no-cache");
        context.header("X-Content-Type-Options", "nosniff");
        context.header("Referrer-Policy", "no-referrer");
        context.header("Cross-Origin-Opener-Policy", "same-origin");
        context.header("Content-Security-Policy", policy);
        if (isKnown(context.header("If-None-Match"), file.etag())) {
            context.status(HttpStatus.NOT_MODIFIED);
            return;
        }
        context.contentType(file.type());
        context.result(file.text());
    }

    private static boolean isKnown(@Nullable String header, String etag) {
        return Optional.ofNullable(header).stream()
                .flatMap(tags -> Arrays.stream(tags.split(",", -1)))
                // A compressing proxy makes a weak tag of it.
                .map(tag -> tag.strip().replaceFirst("^W/", ""))
                .anyMatch(tag -> tag.equals(etag) || tag.equals("*"));
    }

    private static PageFile file(String name, String text) {
        String type = Optional.ofNullable(TYPES.get(name.substring(name.lastIndexOf('.') + 1)))
                .orElseThrow(() -> new IllegalStateException(name));
        return new PageFile(text, type, '"' + HexFormat.of().formatHex(Sha256.of(text), 0, 16) + '"');
    }

    private static String policy(String index) {
        Matcher map = IMPORT_MAP.matcher(index);
        if (!map.find()) {
            throw new IllegalStateException(INDEX + ": no import map");
        }
        byte[] hash = Sha256.of(map.group("text"));
        return String.join(
                ";",
                "default-src 'self'",
                "script-src 'self' 'sha256-" + Base64.getEncoder().encodeToString(hash) + "'",
                "img-src 'self' blob:",
                "media-src 'self' blob:",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'");
    }

    /// WebJars have their version in every path.
    private static String version(String jar) {
        Properties properties = new Properties();
        try (InputStream in = open("/META-INF/maven/org.webjars.npm/" + jar + "/pom.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "");
    }

    private static String read(String resource) {
        try (InputStream in = open(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String resource) {
        return Optional.ofNullable(PageFiles.class.getResourceAsStream(resource))
                .orElseThrow(() -> new IllegalStateException(resource + " is missing from the program"));
    }
}
