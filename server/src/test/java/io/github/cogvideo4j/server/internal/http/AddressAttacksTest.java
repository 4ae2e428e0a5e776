package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Attacks by paths, methods and numbers of requests.
class AddressAttacksTest extends AccessAttacks {
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

    @Test
    @Attack(
            name = "range-tricks",
            tries =
                    "parts of a file that lie behind its end, end before they begin, overlap, or are numbers without end",
            fails = "one part is answered, or the whole, or 416")
    void aRangeIsOnePart() throws IOException {
        String id = front.create(AS_ALICE);
        front.jobs.finish(id);
        int size = front.jobs.videoBytes().length;
        for (String range : List.of(
                "bytes=" + size + "-",
                "bytes=9-2",
                "bytes=-0",
                "bytes=0-0,1-1,2-2",
                "bytes=" + "0-,".repeat(500) + "0-",
                "bytes=99999999999999999999-",
                "bytes=-99999999999999999999",
                "bytes=0x1-0x2",
                "lines=1-2")) {
            var answer = Front.bytes(front.request("/v1/videos/" + id + "/content")
                    .headers(AS_ALICE)
                    .header("Range", range)
                    .build());
            assertThat(answer.statusCode()).as(range).isIn(200, 206, 416);
            assertThat(answer.body().length).as(range).isLessThanOrEqualTo(size);
        }
    }

    @Test
    @Attack(
            name = "trace",
            tries = "`TRACE` and `CONNECT`, to have headers repeated or another machine reached",
            fails = "no address takes these methods")
    void otherMethodsAreRefused() throws IOException {
        for (String line : List.of("TRACE /v1/videos", "CONNECT evil.example:80", "PROPFIND /v1/videos")) {
            String answer = front.raw(line + " HTTP/1.1\r\nHost: localhost\r\nX-Secret: panda\r\nAuthorization: Bearer "
                    + Front.ALICE + "\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(line).matches("(?s)HTTP/1.1 (40[0-9]|501) .*").doesNotContain("panda", Front.ALICE);
        }
    }

    @Test
    @Attack(
            name = "event-injection",
            tries = "a prompt with line breaks and the words of an event, to add one to the stream",
            fails = "events hold JSON, in which a line break is written as `\\n`")
    void aPromptIsNoEvent() throws IOException {
        String id = Front.id(front.post(
                "/v1/videos", "{\"prompt\":\"a\\n\\nevent: deleted\\ndata: {}\\r\\n\\r\\nid: 9\"}", AS_ALICE));
        front.jobs.finish(id);
        String text = front.raw("GET /v1/videos/" + id + "/events HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer "
                + Front.ALICE + "\r\nLast-Event-ID: 0\r\n\r\n");
        assertThat(text.lines().filter(line -> line.startsWith("event: "))).containsExactly("event: video");
        assertThat(text.lines().filter(line -> line.startsWith("id: "))).hasSize(1);
    }

    @Test
    @Attack(
            name = "count-flood",
            tries = "ten videos in each request, to pass the rate of a key",
            fails = "each of them counts")
    void eachOfSeveralCounts() throws IOException {
        try (Front slow = Front.of(folder.resolve("ten"), ApiKeys.parse(Front.KEYS, Path.of("keys")), 3, List.of())) {
            assertThat(Front.code(slow.post("/v1/videos", "{\"prompt\":\"p\",\"n\":10}", AS_ALICE)))
                    .isEqualTo("429 rate_limit_exceeded");
            assertThat(slow.jobs.all()).isEmpty();
        }
    }

    @Test
    @Attack(
            name = "queue-place",
            tries = "a place in the queue before the first, behind the last number, or none",
            fails = "a place is a number from 1, and only one's own videos change places")
    void aPlaceIsANumber() throws IOException {
        String id = front.create(AS_ALICE);
        for (String place : List.of("0", "-1", "2147483648", "1.5", "\"first\"", "null", "[]")) {
            assertThat(front.post("/v1/videos/" + id + "/move", "{\"position\":" + place + "}", AS_ALICE)
                            .statusCode())
                    .as(place)
                    .isEqualTo(400);
        }
    }
}
