package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Attacks on who may ask: keys, cookies, signed addresses, names of hosts, pages of others.
class AccessAttacksTest {
    private static final String[] AS_ALICE = {"Authorization", "Bearer " + Front.ALICE};
    private static final String[] AS_BOB = {"Authorization", "Bearer " + Front.BOB};

    @TempDir
    private Path folder;

    private Front front;

    @BeforeEach
    void open() throws IOException {
        front = Front.withKeys(folder);
    }

    @AfterEach
    void close() {
        front.close();
    }

    @Test
    @Attack(
            name = "key-absent",
            tries = "every path without a key",
            fails = "all need one but health, metrics, the description, the session and the page's own files")
    void withoutAKeyNothingIsAnswered() throws IOException {
        for (String operation : OpenApi.SERVED.operations()) {
            String[] parts = operation.split(" ");
            String path = parts[1].replaceAll("\\{[a-z]+}", "x");
            HttpResponse<String> answer = Front.send(front.request(path)
                    .method(parts[0], BodyPublishers.noBody())
                    .build());
            if (ServiceRoutes.OPEN.contains(path)) {
                assertThat(answer.statusCode()).as(operation).isNotEqualTo(401);
            } else {
                assertThat(Front.code(answer)).as(operation).isEqualTo("401 invalid_api_key");
                assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            }
        }
    }

    @Test
    @Attack(
            name = "key-altered",
            tries = "a key cut short, lengthened, in other case, in another scheme, in the address or empty",
            fails = "the hash of the whole key is compared, and a key counts in one place only")
    void onlyTheWholeKeyCounts() throws IOException {
        List<String> wrong = List.of(
                "Bearer " + Front.ALICE.substring(1),
                "Bearer " + Front.ALICE + "x",
                "Bearer " + Front.ALICE.toUpperCase(Locale.ROOT),
                "Bearer ",
                "Basic " + Front.ALICE,
                Front.ALICE,
                "Bearer alice",
                "Bearer " + Front.ALICE + " " + Front.BOB);
        for (String header : wrong) {
            assertThat(front.get("/v1/videos", "Authorization", header).statusCode())
                    .as(header)
                    .isEqualTo(401);
        }
        assertThat(front.get("/v1/videos?api_key=" + Front.ALICE + "&key=" + Front.ALICE)
                        .statusCode())
                .isEqualTo(401);
        assertThat(front.get("/v1/videos", "X-Api-Key", Front.ALICE).statusCode())
                .isEqualTo(401);
        assertThat(front.get("/v1/videos", AS_ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    @Attack(
            name = "key-guessing",
            tries = "key after key",
            fails = "after sixty wrong ones in a minute an address is told to wait")
    void guessingIsSlow() throws IOException {
        int status = 401;
        int tries = 0;
        while (status == 401 && tries++ < 100) {
            status = front.get("/v1/videos", "Authorization", "Bearer guess" + tries)
                    .statusCode();
        }
        assertThat(status).isEqualTo(429);
        assertThat(front.get("/v1/videos", AS_ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    @Attack(
            name = "key-echo",
            tries = "to read keys in answers, errors or metrics",
            fails = "keys are kept as hashes, and no answer repeats what came as one")
    void noKeyIsEverTold() throws IOException {
        front.create(AS_ALICE);
        String told = front.get("/v1/videos", "Authorization", "Bearer wrong-key-0000")
                        .body()
                + front.get("/metrics").body()
                + front.get("/v1/videos", AS_ALICE).body()
                + front.post("/v1/session", "{\"key\":\"wrong-key-0000\"}").body();
        assertThat(told).doesNotContain("wrong-key", Front.ALICE, Front.BOB);
    }

    @Test
    @Attack(
            name = "others-video",
            tries = "another key's video by its id: read, change, repeat, continue, cancel, delete it",
            fails = "whose it is is part of every look-up, so it does not exist for others")
    void anothersVideoDoesNotExist() throws IOException {
        String id = front.create(AS_ALICE);
        front.jobs.finish(id);
        String path = "/v1/videos/" + id;
        List<HttpResponse<String>> answers = new ArrayList<>();
        for (String end : List.of("", "/content", "/content?variant=thumbnail", "/record", "/preview", "/events")) {
            answers.add(front.get(path + end, AS_BOB));
        }
        answers.add(front.delete(path, AS_BOB));
        answers.add(front.post(path + "/remix", "{\"prompt\":\"p\"}", AS_BOB));
        answers.add(front.post(path + "/cancel", "", AS_BOB));
        answers.add(front.post(path + "/url", "", AS_BOB));
        answers.add(front.post(path + "/move", "{\"position\":1}", AS_BOB));
        String video = "{\"prompt\":\"p\",\"seconds\":1,\"video\":{\"id\":\"" + id + "\"}}";
        answers.add(front.post("/v1/videos/edits", video, AS_BOB));
        answers.add(front.post("/v1/videos/extensions", video, AS_BOB));
        answers.add(front.get("/v1/videos?after=" + id, AS_BOB));
        assertThat(answers).allSatisfy(answer -> assertThat(Front.code(answer)).isEqualTo("404 video_not_found"));
        assertThat(Front.json(front.get("/v1/videos", AS_BOB)).get("data").isEmpty())
                .isTrue();
        assertThat(front.get(path, AS_ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    @Attack(
            name = "others-events",
            tries = "to watch the stream of all changes for those of other keys",
            fails = "a stream has the changes of its own key's videos")
    void anothersChangesAreNotTold() throws IOException {
        String alices = front.create(AS_ALICE);
        String bobs = front.create(AS_BOB);
        front.jobs.cancel("bob", bobs);
        String text =
                front.raw("GET /v1/videos/" + bobs + "/events HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer "
                        + Front.BOB + "\r\nLast-Event-ID: 0\r\n\r\n");
        assertThat(text).contains(bobs).doesNotContain(alices);
    }

    @Test
    @Attack(name = "others-queue", tries = "to stop everybody's queue", fails = "only the key named admin may")
    void notEverybodyStopsTheQueue() throws IOException {
        assertThat(Front.code(front.post("/v1/queue/pause", "", AS_ALICE))).isEqualTo("403 admin_only");
        assertThat(front.post("/v1/queue/pause", "", "Authorization", "Bearer " + Front.ADMIN)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    @Attack(
            name = "cookie-forged",
            tries = "a session's cookie with another name, another time, or a signature cut off",
            fails = "name and time are signed, and what is signed ends with the key it was signed for")
    void aCookieCannotBeMade() throws IOException {
        String cookie = login(Front.ALICE);
        assertThat(front.get("/v1/videos", "Cookie", cookie).statusCode()).isEqualTo(200);
        String[] parts = cookie.split("[=~]", -1);
        List<String> forged = List.of(
                parts[0] + "=bob~" + parts[2] + "~" + parts[3],
                parts[0] + "=alice~99999999999~" + parts[3],
                parts[0] + "=alice~" + parts[2] + "~",
                parts[0] + "=alice~" + parts[2],
                parts[0] + "=alice",
                cookie.substring(0, cookie.length() - 1));
        for (String one : forged) {
            assertThat(front.get("/v1/videos", "Cookie", one).statusCode())
                    .as(one)
                    .isEqualTo(401);
        }
    }

    private String login(String key) throws IOException {
        HttpResponse<String> answer = front.post("/v1/session", "{\"key\":\"" + key + "\"}");
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.headers().firstValue("Set-Cookie").orElseThrow().split(";")[0];
    }

    @Test
    @Attack(
            name = "cookie-stolen",
            tries = "a script that reads the session's cookie, or another site that sends it",
            fails = "it is HttpOnly and SameSite=Strict")
    void aCookieIsOutOfReach() throws IOException {
        String header = front.post("/v1/session", "{\"key\":\"" + Front.ALICE + "\"}")
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow();
        assertThat(header).contains("HttpOnly", "SameSite=Strict", "Path=/").doesNotContain(Front.ALICE, "Domain");
        String encrypted = front.post("/v1/session", "{\"key\":\"" + Front.ALICE + "\"}", "X-Forwarded-Proto", "https")
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow();
        assertThat(encrypted).contains("Secure");
    }

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
            name = "signed-url-reused",
            tries = "the signature of one file for another file, another video, a change, or as a cookie",
            fails = "path and variant are signed, it reads only, and seals for one thing open no other")
    void aSignedAddressIsForOneFile() throws IOException {
        String id = front.create(AS_ALICE);
        String other = front.create(AS_ALICE);
        front.jobs.finish(id);
        front.jobs.finish(other);
        String url = Front.json(front.post("/v1/videos/" + id + "/url", "", AS_ALICE))
                .get("url")
                .stringValue();
        assertThat(Front.bytes(front.request(url).build()).statusCode()).isEqualTo(200);
        String signature = url.substring(url.indexOf("signature=") + "signature=".length());
        List<String> others = List.of(
                url.replace("variant=video", "variant=thumbnail"),
                url.replace(id, other),
                "/v1/videos/" + id + "?signature=" + signature,
                "/v1/videos?signature=" + signature,
                "/v1/videos/" + id + "/content?signature=" + signature,
                url.replace("alice~", "bob~"));
        for (String one : others) {
            assertThat(Front.bytes(front.request(one).build()).statusCode())
                    .as(one)
                    .isEqualTo(401);
        }
        assertThat(front.delete("/v1/videos/" + id + "?signature=" + signature).statusCode())
                .isEqualTo(401);
        assertThat(front.get("/v1/videos", "Cookie", "cogvideo_session=" + signature)
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    @Attack(
            name = "header-injection",
            tries = "line breaks in ids, names and headers, to add headers to an answer",
            fails = "nothing of a request goes into a header but ids that were found, and Jetty refuses the rest")
    void nothingAddsAHeader() throws IOException {
        for (String path : List.of(
                "/v1/videos/x%0d%0aX-Evil:%201",
                "/v1/videos/x%0d%0aX-Evil:%201/content",
                "/v1/videos/x/content?variant=%0d%0aX-Evil:%201",
                "/%0d%0aX-Evil:%201")) {
            String answer = front.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + Front.ALICE + "\r\nX-Request-Id: a\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(path).matches("(?s)HTTP/1.1 40[0-9] .*").doesNotContainIgnoringCase("\nx-evil");
            assertThat(answer).doesNotContain("x-request-id: a\r");
        }
    }

    @Test
    @Attack(
            name = "path-tricks",
            tries = "dots, double slashes, parameters and other case in a path, to pass as one that needs no key",
            fails = "the path that is looked up is the one that is served, and what is ambiguous is refused")
    void aPathIsOnePath() throws IOException {
        front.create(AS_ALICE);
        for (String path : List.of(
                "/livez/../v1/videos",
                "/livez;/../v1/videos",
                "/livez%2f..%2fv1/videos",
                "/v1/session/../videos",
                "//v1/videos",
                "/v1//videos",
                "/V1/videos",
                "/v1/videos;x=/livez",
                "/v1/videos/",
                "/v1/%76ideos",
                "/./v1/videos",
                "/v1/videos%00",
                "/v1/videos?/livez",
                "/v1/videos#/livez")) {
            String answer = front.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(path).matches("(?s)HTTP/1.1 (30|40)[0-9] .*").doesNotContain("a panda");
        }
    }

    @Test
    @Attack(
            name = "id-traversal",
            tries = "an id or a variant that is a path",
            fails = "an id is looked up in the store and never becomes a path, and variants are four words")
    void anIdIsNoPath() throws IOException {
        for (String id :
                List.of("..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "a%00b", "x'%20or%20'1'='1", "%252e%252e%252f")) {
            String answer =
                    front.raw("GET /v1/videos/" + id + "/content HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                            + Front.ALICE + "\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(id).matches("(?s)HTTP/1.1 40[04] .*").doesNotContain("root:");
        }
        String id = front.create(AS_ALICE);
        assertThat(Front.code(front.get("/v1/videos/" + id + "/content?variant=../../secret", AS_ALICE)))
                .isEqualTo("400 invalid_value");
    }

    @Test
    @Attack(
            name = "method-override",
            tries = "a reading request whose header says that it deletes",
            fails = "a request with such a header is refused")
    void aHeaderIsNoMethod() throws IOException {
        String id = front.create(AS_ALICE);
        HttpResponse<String> answer =
                front.get("/v1/videos/" + id, "X-HTTP-Method-Override", "DELETE", AS_ALICE[0], AS_ALICE[1]);
        assertThat(Front.code(answer)).isEqualTo("400 bad_request");
        front.get("/v1/videos/" + id + "?_method=DELETE", AS_ALICE);
        assertThat(front.get("/v1/videos/" + id, AS_ALICE).statusCode()).isEqualTo(200);
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

    @Test
    @Attack(
            name = "label-leak",
            tries = "to read prompts, ids or names of keys in the metrics, which need no key",
            fails = "labels are words of ours")
    void metricsTellNothingOfAnyone() throws IOException {
        String id = front.create(AS_ALICE);
        front.get("/v1/videos/" + id, AS_ALICE);
        front.get("/v1/videos/panda-secret", AS_ALICE);
        assertThat(front.get("/metrics").body()).doesNotContain("panda", id, "alice");
    }

    @Test
    @Attack(
            name = "job-flood",
            tries = "more jobs than anybody needs",
            fails = "each key has a rate, and the queue a bound")
    void aKeyHasARate() throws IOException {
        try (Front slow = Front.of(folder.resolve("slow"), ApiKeys.parse(Front.KEYS, Path.of("keys")), 3, List.of())) {
            for (int i = 0; i < 3; i++) {
                slow.create(AS_ALICE);
            }
            HttpResponse<String> answer = slow.post("/v1/videos", "{\"prompt\":\"p\"}", AS_ALICE);
            assertThat(Front.code(answer)).isEqualTo("429 rate_limit_exceeded");
            assertThat(Long.parseLong(answer.headers().firstValue("Retry-After").orElseThrow()))
                    .isBetween(1L, 60L);
            slow.create(AS_BOB);
        }
    }

    @Test
    @Attack(name = "stream-flood", tries = "event streams without end", fails = "a key has 64 at a time")
    void streamsAreBounded() throws IOException {
        List<Socket> open = new ArrayList<>();
        try {
            String request = "GET /v1/videos/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + Front.ALICE
                    + "\r\n\r\n";
            String last = "";
            for (int i = 0; i < 65; i++) {
                Socket socket = new Socket("127.0.0.1", front.port);
                open.add(socket);
                OutputStream out = socket.getOutputStream();
                out.write(request.getBytes(StandardCharsets.US_ASCII));
                out.flush();
                last = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            }
            assertThat(last).isEqualTo("HTTP/1.1 429");
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }
}
