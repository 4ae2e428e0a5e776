package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.testing.Attack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/// Attacks by the shape of a body: its size, its parts, its JSON, how it comes.
class BodyShapeAttacksTest extends BodyAttacks {
    private static final int MEBI = 1 << 20;

    @Test
    @Attack(
            name = "form-parts",
            tries = "a form of a hundred thousand parts",
            fails = "64 are the most, and reading ends there")
    void aFormHasFewParts() throws IOException {
        List<Object[]> parts = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            parts.add(new Object[] {"x" + i, "y"});
        }
        assertThat(Front.code(front.form("/v1/videos", parts))).isEqualTo("413 request_too_large");
    }

    @Test
    @Attack(
            name = "form-text",
            tries = "a text of megabytes in a form",
            fails = "a text has 64 KiB, a prompt 32,000 characters")
    void aTextIsShort() throws IOException {
        assertThat(Front.code(part("negative_prompt", "x".repeat(70_000)))).isEqualTo("413 request_too_large");
        refused(part("negative_prompt", "x".repeat(32_001)), "400 invalid_value", "negative_prompt");
        refused(json("{\"prompt\":\"" + "x".repeat(32_001) + "\"}"), "400 invalid_value", "prompt");
    }

    @Test
    @Attack(
            name = "body-size",
            tries = "a body larger than 64 MiB, announced, or not announced",
            fails = "what is announced is refused at once, and what is not when it gets there: 413, not 500")
    void aBodyHasASize() throws IOException {
        String head = "POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Type: multipart/form-data; boundary=B\r\n";
        assertThat(front.raw(head + "Content-Length: 68157440\r\n\r\n")).startsWith("HTTP/1.1 413");
        assertThat(front.raw("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 30408704\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
        byte[] start = "--B\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"f\"\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII);
        assertThat(chunked(head + "Transfer-Encoding: chunked\r\n\r\n", start, 66))
                .startsWith("HTTP/1.1 413");
    }

    /// Sends mebibytes without an end, until the server has had enough.
    private String chunked(String head, byte[] start, int mebibytes) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", front.port)) {
            socket.setSoTimeout(60_000);
            OutputStream out = socket.getOutputStream();
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            try {
                chunk(out, start);
                for (int i = 0; i < mebibytes; i++) {
                    chunk(out, new byte[MEBI]);
                }
                out.flush();
            } catch (IOException _) {
                // It answered and closed.
            }
            return answer(socket);
        }
    }

    private static String answer(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] first = in.readNBytes(12);
        return new String(first, StandardCharsets.US_ASCII);
    }

    private static void chunk(OutputStream out, byte[] bytes) throws IOException {
        out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(bytes);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    @Attack(
            name = "json-deep",
            tries = "brackets in brackets, until the parser runs off the stack",
            fails = "32 levels are the most")
    void jsonIsShallow() throws IOException {
        assertThat(Front.code(json("{\"a\":".repeat(10_000)))).isEqualTo("400 invalid_json");
        assertThat(Front.code(json("{\"prompt\":" + "[".repeat(100_000)))).isEqualTo("400 invalid_json");
        assertThat(Front.code(part("extra_params", "{\"a\":".repeat(5_000)))).isEqualTo("400 invalid_json");
    }

    @Test
    @Attack(
            name = "json-forms",
            tries =
                    "a name twice, something behind the end, NaN, another encoding, a list, a number of a million digits",
            fails = "all of it is refused where it stands")
    void jsonIsStrict() throws IOException {
        for (String body : List.of(
                "{\"prompt\":\"a\",\"prompt\":\"b\"}",
                "{\"prompt\":\"a\"}{}",
                "{\"prompt\":\"a\",\"seed\":NaN}",
                "{'prompt':'a'}",
                "[]",
                "\"prompt\"",
                "nul",
                "{\"seed\":" + "1".repeat(1_000_000) + "}",
                "{\"prompt\":\"\\ud800",
                "{\"prompt\":\"a\"",
                "\u0000")) {
            assertThat(Front.code(json(body)))
                    .as(body.substring(0, Math.min(40, body.length())))
                    .isEqualTo("400 invalid_json");
        }
    }

    @Test
    @Attack(name = "json-many", tries = "an object of a million names", fails = "10,000 tokens are the most")
    void jsonHasFewTokens() throws IOException {
        StringBuilder text = new StringBuilder("{\"a\":0");
        for (int i = 0; i < 200_000; i++) {
            text.append(",\"n").append(i).append("\":0");
        }
        assertThat(Front.code(json(text + "}"))).isEqualTo("400 invalid_json");
    }

    @Test
    @Attack(
            name = "media-type",
            tries = "JSON or a form under a type that a browser sends to anyone without asking",
            fails = "bodies are application/json or multipart/form-data")
    void otherTypesAreRefused() throws IOException {
        for (String type :
                List.of("text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/mixed")) {
            HttpResponse<String> answer = Front.send(front.request("/v1/videos")
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString("{\"prompt\":\"p\"}"))
                    .build());
            assertThat(Front.code(answer)).as(type).isEqualTo("415 unsupported_media_type");
        }
    }

    @Test
    @Attack(
            name = "form-broken",
            tries = "a form without boundary, without end, with parts without names or with headers without end",
            fails = "400, whatever it is")
    void aBrokenFormIsRefused() throws IOException {
        for (String body : List.of(
                "",
                "--XBOUNDX",
                "--XBOUNDX\r\n\r\n",
                "--XBOUNDX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XBOUNDX--",
                "--XBOUNDX\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nno end",
                "--XBOUNDX\r\n" + "X: y\r\n".repeat(10_000) + "\r\n\r\n--XBOUNDX--",
                "x".repeat(100_000))) {
            HttpResponse<String> answer = Front.send(front.request("/v1/videos")
                    .header("Content-Type", "multipart/form-data; boundary=XBOUNDX")
                    .POST(BodyPublishers.ofString(body))
                    .build());
            assertThat(answer.statusCode())
                    .as(body.substring(0, Math.min(60, body.length())))
                    .isBetween(400, 499);
        }
        HttpResponse<String> bare = Front.send(front.request("/v1/videos")
                .header("Content-Type", "multipart/form-data")
                .POST(BodyPublishers.ofString("x"))
                .build());
        assertThat(bare.statusCode()).isBetween(400, 499);
    }

    @Test
    @Attack(
            name = "smuggling",
            tries = "a body with two lengths, or a length and chunks, that two servers in a row read differently",
            fails = "such a request is refused and its connection closed")
    void aRequestHasOneLength() throws IOException {
        String body = "{\"prompt\":\"p\"}";
        for (String lengths : List.of(
                "Content-Length: 14\r\nContent-Length: 15\r\n",
                "Content-Length: 14\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding: chunked, identity\r\n",
                "Content-Length: +14\r\n")) {
            String answer =
                    front.raw("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + lengths + "\r\n" + body);
            assertThat(answer).as(lengths).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    @Attack(
            name = "slow-body",
            tries = "a body that comes byte by byte, or not at all, on many connections",
            fails = "a connection that is silent is closed, and it held a connection only")
    void aSlowBodyEnds() throws IOException {
        try (Front quick = Front.of(folder.resolve("quick"), ApiKeys.none(), 0, List.of(), Duration.ofSeconds(1))) {
            List<Socket> open = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Socket socket = new Socket("127.0.0.1", quick.port);
                socket.setSoTimeout(30_000);
                socket.getOutputStream()
                        .write(("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                        + "Content-Length: 1000\r\n\r\n{")
                                .getBytes(StandardCharsets.US_ASCII));
                open.add(socket);
            }
            assertThat(quick.get("/livez").statusCode()).isEqualTo(200);
            for (Socket socket : open) {
                String end = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                assertThat(end).doesNotContain(" 200 ").doesNotContain(" 500 ");
                socket.close();
            }
        }
    }

    @Test
    @Attack(
            name = "slow-head",
            tries = "a request whose headers never end",
            fails = "a silent connection is closed, headers have 8 KiB")
    void slowHeadersEnd() throws IOException {
        try (Front quick = Front.of(folder.resolve("quick"), ApiKeys.none(), 0, List.of(), Duration.ofSeconds(1))) {
            assertThat(quick.raw("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: "))
                    .doesNotContain(" 200 ");
            assertThat(quick.raw("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + "y".repeat(100_000) + "\r\n\r\n"))
                    .startsWith("HTTP/1.1 431");
        }
    }

    @Test
    @Attack(
            name = "gzip-body",
            tries = "a body of kilobytes that says it is compressed and unfolds to gigabytes",
            fails = "bodies are taken as they come, and a compressed one is no JSON")
    void nothingIsUnfolded() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("{\"prompt\":\"".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 16; i++) {
                out.write(new byte[MEBI]);
            }
        }
        HttpResponse<String> answer = Front.send(front.request("/v1/videos")
                .header("Content-Type", "application/json")
                .header("Content-Encoding", "gzip")
                .POST(BodyPublishers.ofByteArray(packed.toByteArray()))
                .build());
        assertThat(Front.code(answer)).isEqualTo("400 invalid_json");
    }

    @Test
    @Attack(
            name = "many-headers",
            tries = "thousands of headers, or an address of a hundred kilobytes",
            fails = "a request's head has 8 KiB")
    void aHeadIsSmall() throws IOException {
        assertThat(front.raw("GET /livez HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n".repeat(5_000) + "\r\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(front.raw("GET /v1/videos?query=" + "x".repeat(100_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .startsWith("HTTP/1.1 414");
    }
}
