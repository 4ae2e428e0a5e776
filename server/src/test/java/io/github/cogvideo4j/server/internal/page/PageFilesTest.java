package io.github.cogvideo4j.server.internal.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.javalin.Javalin;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The page's files over HTTP: found, typed, cached, and loaded under a policy that fits them.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PageFilesTest {
    private static final Pattern IMPORT = Pattern.compile("(?:import|from)\\s*\\(?[\"']([^\"']+)[\"']");

    private final PageFiles files = new PageFiles();
    private final HttpClient client = HttpClient.newHttpClient();
    private Javalin server = Javalin.create();

    @BeforeAll
    void start() {
        server = Javalin.create(config -> {
                    config.startup.showJavalinBanner = false;
                    files.register(config.routes);
                })
                .start("127.0.0.1", 0);
    }

    @AfterAll
    void stop() {
        server.stop();
        client.close();
    }

    private HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    @Test
    void everyFileHasItsTypeAndMayNotBeTakenForAnother() throws Exception {
        for (String path : files.paths()) {
            HttpResponse<String> answer = get(path);
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            String type = switch (path.substring(path.lastIndexOf('.') + 1)) {
                case "js" -> "text/javascript";
                case "css" -> "text/css";
                case "json" -> "application/json";
                case "svg" -> "image/svg+xml";
                default -> "text/html";
            };
            assertThat(header(answer, "Content-Type")).as(path).startsWith(type);
            assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(header(answer, "Referrer-Policy")).isEqualTo("no-referrer");
            assertThat(header(answer, "Cache-Control")).isEqualTo("no-cache");
            assertThat(header(answer, "Content-Security-Policy")).isEqualTo(files.policy());
        }
    }

    @Test
    void whatABrowserHasIsNotSentAgain() throws Exception {
        String tag = header(get("/page/app.js"), "ETag");
        assertThat(tag).matches("\"[0-9a-f]{32}\"");
        for (String known : List.of(tag, "W/" + tag, "\"other\", " + tag, "*")) {
            HttpResponse<String> answer = get("/page/app.js", "If-None-Match", known);
            assertThat(answer.statusCode()).as(known).isEqualTo(304);
            assertThat(answer.body()).isEmpty();
            assertThat(header(answer, "ETag")).isEqualTo(tag);
        }
        assertThat(get("/page/app.js", "If-None-Match", "\"other\"").statusCode())
                .isEqualTo(200);
        assertThat(header(get("/page/api.js"), "ETag")).isNotEqualTo(tag);
    }

    @Test
    void thePolicyAllowsTheImportMapAndNoOtherInlineScript() throws Exception {
        String index = get("/").body();
        Matcher inline = Pattern.compile("<script(?![^>]*\\bsrc=)[^>]*>(.*?)</script>", Pattern.DOTALL)
                .matcher(index);
        assertThat(inline.find()).isTrue();
        byte[] hash =
                MessageDigest.getInstance("SHA-256").digest(inline.group(1).getBytes(StandardCharsets.UTF_8));
        assertThat(files.policy())
                .contains("script-src 'self' 'sha256-" + Base64.getEncoder().encodeToString(hash) + "';")
                .contains("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'")
                .doesNotContain("unsafe", "*", "data:", "http:");
        assertThat(inline.find()).as("a second inline script").isFalse();
        // The policy forbids these, so they would not work.
        assertThat(index).doesNotContainPattern("\\son\\w+=|\\sstyle=|<style");
    }

    @Test
    void everyImportIsServedAndNothingIsServedInVain() throws Exception {
        Set<String> seen = new HashSet<>();
        ArrayDeque<String> open = new ArrayDeque<>(List.of("/page/app.js"));
        while (!open.isEmpty()) {
            String path = open.remove();
            if (!seen.add(path)) {
                continue;
            }
            assertThat(files.paths()).contains(path);
            Matcher imports = IMPORT.matcher(get(path).body());
            while (imports.find()) {
                open.add(resolved(path, imports.group(1)));
            }
        }
        assertThat(files.paths().stream().filter(path -> path.endsWith(".js")))
                .allMatch(path -> seen.contains(path) || path.equals("/page/scheme.js"));
    }

    /// What the import map of `index.html` makes of a name.
    private static String resolved(String from, String name) {
        if (name.startsWith(".")) {
            return URI.create(from).resolve(name).getPath();
        }
        return switch (name) {
            case "lit" -> "/page/lit/lit/index.js";
            case "lit-html" -> "/page/lit/lit-html/lit-html.js";
            case "@lit/reactive-element" -> "/page/lit/lit__reactive-element/reactive-element.js";
            default -> "/page/lit/" + name.replace("@lit/reactive-element", "lit__reactive-element");
        };
    }

    @Test
    void nothingElseIsReached() throws Exception {
        for (String path : List.of(
                "/page/",
                "/page/index.html",
                "/page/../app.js",
                "/page/%2e%2e/app.js",
                "/page/..%2fapp.js",
                "/page/lit/lit/package.json",
                "/page/app.js%00.css",
                "/META-INF/MANIFEST.MF")) {
            assertThat(get(path).statusCode()).as(path).isBetween(400, 499);
        }
    }

    @Test
    void thePageIsSmall() throws Exception {
        long bytes = 0;
        for (String path : files.paths()) {
            boolean elsewhere = path.equals("/model") || path.equals("/page/model.js") || path.equals("/page/zh.json");
            if (!elsewhere && !path.startsWith("/page/lit/")) {
                bytes += get(path).body().getBytes(StandardCharsets.UTF_8).length;
            }
        }
        assertThat(bytes)
                .as("bytes of the page in one language, without compression and without Lit")
                .isLessThan(100_000);
    }

    @Test
    void thePageAsksNoOtherMachine() throws Exception {
        for (String path : files.paths()) {
            if (!path.startsWith("/page/lit/")) {
                assertThat(Stream.of(get(path).body().split("\n", -1))
                                .filter(line -> line.matches(".*https?://.*"))
                                .filter(line -> !line.contains("http://www.w3.org/2000/svg")))
                        .as(path)
                        .isEmpty();
            }
        }
    }
}
