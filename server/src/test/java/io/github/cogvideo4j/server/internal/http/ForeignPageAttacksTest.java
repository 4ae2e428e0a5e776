package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Attacks by pages of others in a visitor's browser: across sites, under another name, in a frame.
class ForeignPageAttacksTest extends AccessAttacks {
    @Test
    @Attack(
            name = "cross-site-cookie",
            tries = "a page elsewhere that posts or deletes with the visitor's cookie",
            fails = "changes with a cookie need the server's own Origin or Sec-Fetch-Site")
    void anotherSiteChangesNothing() throws IOException {
        String cookie = login(Front.ALICE);
        String id = front.create(AS_ALICE);
        String body = "{\"prompt\":\"p\"}";
        List<HttpResponse<String>> answers = List.of(
                front.post("/v1/videos", body, "Cookie", cookie, "Origin", "https://evil.example"),
                front.post("/v1/videos", body, "Cookie", cookie, "Origin", "null"),
                front.post("/v1/videos", body, "Cookie", cookie, "Origin", "http://127.0.0.1.evil.example"),
                front.post("/v1/videos", body, "Cookie", cookie, "Origin", "http://127.0.0.1:" + (front.port - 1)),
                front.post("/v1/videos", body, "Cookie", cookie, "Sec-Fetch-Site", "cross-site"),
                front.post("/v1/videos", body, "Cookie", cookie, "Sec-Fetch-Site", "same-site"),
                front.delete("/v1/videos/" + id, "Cookie", cookie, "Origin", "https://evil.example"),
                front.post("/v1/session", "{\"key\":\"x\"}", "Origin", "https://evil.example"));
        assertThat(answers).allSatisfy(answer -> assertThat(Front.code(answer)).isEqualTo("403 origin_not_allowed"));
        String own = "http://127.0.0.1:" + front.port;
        assertThat(front.post("/v1/videos", body, "Cookie", cookie, "Origin", own)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    @Attack(
            name = "cross-site-local",
            tries = "a page elsewhere that posts a form to a server without keys on the visitor's machine",
            fails = "without a key the same rule holds for every change")
    void aPageElsewhereDoesNotReachALocalServer() throws IOException {
        try (Front open = Front.open(folder.resolve("open"))) {
            assertThat(Front.code(open.form(
                            "/v1/videos",
                            List.<Object[]>of(new Object[] {"prompt", "p"}),
                            "Origin",
                            "https://evil.example")))
                    .isEqualTo("403 origin_not_allowed");
            assertThat(open.jobs.all()).isEmpty();
        }
    }

    @Test
    @Attack(
            name = "cors",
            tries = "to be allowed by naming an origin, `null`, or one that begins like a listed one",
            fails = "nothing is shared unless the whole origin is listed, and never with cookies")
    void onlyListedOriginsAreAllowed() throws IOException {
        try (Front shared = Front.of(
                folder.resolve("shared"),
                ApiKeys.parse(Front.KEYS, Path.of("keys")),
                0,
                List.of("https://good.example"))) {
            for (String origin :
                    List.of("https://evil.example", "null", "https://good.example.evil", "http://good.example")) {
                HttpResponse<String> answer = shared.get("/v1/models", "Origin", origin, AS_ALICE[0], AS_ALICE[1]);
                assertThat(answer.headers().firstValue("Access-Control-Allow-Origin"))
                        .as(origin)
                        .isEmpty();
            }
            HttpResponse<String> good =
                    shared.get("/v1/models", "Origin", "https://good.example", AS_ALICE[0], AS_ALICE[1]);
            assertThat(good.headers().firstValue("Access-Control-Allow-Origin")).contains("https://good.example");
            assertThat(good.headers().firstValue("Access-Control-Allow-Credentials"))
                    .isEmpty();
        }
        HttpResponse<String> asked = Front.send(front.request("/v1/videos")
                .header("Origin", "https://evil.example")
                .header("Access-Control-Request-Method", "POST")
                .method("OPTIONS", BodyPublishers.noBody())
                .build());
        assertThat(asked.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    @Attack(
            name = "dns-rebinding",
            tries = "a stranger's name that resolves to this machine, so that his page is of the same origin",
            fails = "at the loopback address only names of this machine are served")
    void onlyNamesOfThisMachineAreServed() throws IOException {
        for (String host : List.of(
                "evil.example",
                "evil.example:8000",
                "localhost.evil.example",
                "127.0.0.1.nip.io",
                "127.0.0.1:80@evil.example",
                "localhost:80:80",
                "[::1].evil",
                "0.0.0.0",
                "127.1")) {
            String answer = front.raw("GET /v1/session HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(host).matches("(?s)HTTP/1.1 40[03] .*");
        }
        assertThat(front.raw("GET /livez HTTP/1.0\r\n\r\n")).contains(" 403 ");
        for (String host : List.of("localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8000")) {
            assertThat(front.raw("GET /livez HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                    .as(host)
                    .contains(" 200 ");
        }
    }

    @Test
    @Attack(
            name = "framed",
            tries = "to show the page in a frame, or an answer as something that it is not",
            fails = "every answer forbids frames, foreign scripts and guessing of its type")
    void everyAnswerForbidsFramesAndGuessing() throws IOException {
        for (String path : List.of("/livez", "/v1/videos", "/nothing", "/metrics", "/openapi.yaml")) {
            HttpResponse<String> answer = front.get(path);
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'self'", "frame-ancestors 'none'");
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(answer.headers().firstValue("X-Frame-Options")).contains("DENY");
            assertThat(answer.headers().firstValue("Server")).isEmpty();
        }
    }
}
