package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Attacks by what a body holds: its size, its form, its values, its files, addresses in it. After each of them nothing
/// may be left in the folder of uploads.
class BodyAttacksTest {
    private static final int MEBI = 1 << 20;

    @TempDir
    private Path folder;

    private Front front;

    @BeforeEach
    void open() throws IOException {
        front = Front.open(folder);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        front.close();
        try (Stream<Path> files = Files.list(front.jobs.uploads())) {
            assertThat(files).isEmpty();
        }
        assertThat(front.jobs.all()).isEmpty();
    }

    private HttpResponse<String> json(String body) throws IOException {
        return front.post("/v1/videos", body);
    }

    private HttpResponse<String> part(String name, Object content, String... fileName) throws IOException {
        Object[] part = fileName.length == 0 ? new Object[] {name, content} : new Object[] {name, content, fileName[0]};
        return front.form("/v1/videos", List.of(new Object[] {"prompt", "p"}, part));
    }

    private static void refused(HttpResponse<String> answer, String code, String parameter) {
        assertThat(Front.code(answer)).isEqualTo(code);
        assertThat(Front.parameter(answer)).isEqualTo(parameter);
    }

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
            name = "value-types",
            tries = "lists, objects, texts and numbers where something else is meant; numbers beyond every range",
            fails = "each field has a type and a range, and the refusal names it")
    void valuesHaveTypesAndRanges() throws IOException {
        refused(json("{\"prompt\":[\"a\"]}"), "400 invalid_value", "prompt");
        refused(json("{\"prompt\":{}}"), "400 invalid_value", "prompt");
        refused(json("{\"prompt\":\"  \"}"), "400 missing_required_parameter", "prompt");
        for (String field : List.of(
                "\"seed\":1e999",
                "\"seed\":-1",
                "\"seed\":9223372036854775808",
                "\"num_frames\":2147483648",
                "\"num_frames\":1.5",
                "\"width\":\"0x10\"",
                "\"height\":99999",
                "\"width\":17",
                "\"fps\":\"NaN\"",
                "\"fps\":\"Infinity\"",
                "\"guidance_scale\":\"1e308\"",
                "\"num_inference_steps\":100000",
                "\"strength\":0",
                "\"n\":1000",
                "\"seconds\":\"-4\"",
                "\"seconds\":86400",
                "\"size\":\"99999x99999\"",
                "\"size\":\"720*480\"",
                "\"use_dynamic_cfg\":\"yes\"",
                "\"scheduler\":\"os.system\"",
                "\"quality\":\"hd\"",
                "\"kind\":\"i2v\"",
                "\"preview_every\":-1")) {
            String name = field.substring(1, field.indexOf('"', 1));
            refused(json("{\"prompt\":\"p\"," + field + "}"), "400 invalid_value", name);
        }
    }

    @Test
    @Attack(
            name = "unknown-names",
            tries = "names such as `__proto__`, `output_path` or those of other servers' secrets",
            fails = "a name that is not known is refused, not ignored and not merged")
    void unknownNamesAreRefused() throws IOException {
        for (String name :
                List.of("__proto__", "constructor", "output_path", "perf_dump_path", "diffusers_kwargs", "class")) {
            refused(json("{\"prompt\":\"p\",\"" + name + "\":{\"a\":1}}"), "400 unknown_parameter", name);
        }
        refused(
                json("{\"prompt\":\"p\",\"extra_body\":{\"output_path\":\"/x\"}}"),
                "400 unknown_parameter",
                "output_path");
        refused(
                json("{\"prompt\":\"p\",\"extra_body\":{\"extra_body\":{}}}"),
                "400 unknown_parameter",
                "extra_body.extra_body");
        assertThat(Front.code(part("a[b][c][d][e][f][g][h][i]", "x"))).isEqualTo("400 unknown_parameter");
        assertThat(Front.code(part("a[b", "x"))).isEqualTo("400 unknown_parameter");
        assertThat(Front.code(part("lora[99999999999]", "x"))).isEqualTo("400 invalid_value");
    }

    @Test
    @Attack(
            name = "twice",
            tries = "a field in two spellings, one of which a check in front of the server does not see",
            fails = "what is given twice is refused")
    void twoSpellingsAreRefused() throws IOException {
        refused(json("{\"prompt\":\"p\",\"seed\":1,\"extra_body\":{\"seed\":2}}"), "400 invalid_value", "seed");
        refused(json("{\"prompt\":\"p\",\"size\":\"96x64\",\"width\":64}"), "400 invalid_value", "size");
        refused(json("{\"prompt\":\"p\",\"seconds\":1,\"num_frames\":5}"), "400 invalid_value", "num_frames");
        refused(
                front.form("/v1/videos", List.of(new Object[] {"prompt", "a"}, new Object[] {"prompt", "b"})),
                "400 invalid_value",
                "prompt");
        assertThat(Front.code(front.form(
                        "/v1/videos",
                        List.of(new Object[] {"prompt", "a"}, new Object[] {"lora", "style"}, new Object[] {
                            "lora[name]", "style"
                        }))))
                .isEqualTo("400 invalid_value");
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
            name = "ssrf",
            tries = "addresses for the server to open: its own, the cloud's metadata, files, in every spelling",
            fails = "no address is ever opened, whatever its scheme")
    void noAddressIsOpened() throws IOException {
        try (ServerSocket listening = new ServerSocket(0)) {
            listening.setSoTimeout(200);
            int port = listening.getLocalPort();
            for (String url : List.of(
                    "http://127.0.0.1:" + port + "/x.png",
                    "HTTP://localhost:" + port,
                    "https://example.org/x.png",
                    "http://169.254.169.254/latest/meta-data/",
                    "http://[::1]:" + port + "/",
                    "http://[::ffff:127.0.0.1]:" + port + "/",
                    "http://0x7f000001:" + port + "/",
                    "http://2130706433:" + port + "/",
                    "//127.0.0.1:" + port + "/",
                    "file:///etc/passwd",
                    "FILE:/etc/passwd",
                    "jar:file:/x!/y",
                    "ftp://127.0.0.1/",
                    "gopher://127.0.0.1/",
                    "blob:http://x/",
                    "concat:/etc/passwd",
                    "/etc/passwd",
                    "data:text/plain,hello",
                    "data:image/png;base64",
                    "data:image/png;base64,@@@@",
                    "data:;charset=utf-8,x",
                    "")) {
                HttpResponse<String> inJson =
                        json("{\"prompt\":\"p\",\"input_reference\":{\"image_url\":\"" + url + "\"}}");
                refused(inJson, "400 invalid_value", "input_reference");
                refused(part("input_reference[image_url]", url), "400 invalid_value", "input_reference");
            }
            assertThatThrownBy(listening::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    @Attack(
            name = "names-that-are-paths",
            tries = "models, adapters, files and videos by paths",
            fails = "names are looked up among those that are served, and file ids do not exist")
    void namesAreNoPaths() throws IOException {
        for (String path : List.of("../style", "/etc/passwd", "style/../style", "style\\u0000", "STYLE", "~/x")) {
            refused(json("{\"prompt\":\"p\",\"lora\":{\"path\":\"" + path + "\"}}"), "400 invalid_value", "lora");
            refused(json("{\"prompt\":\"p\",\"model\":\"" + path + "\"}"), "400 model_not_found", "model");
        }
        refused(
                json("{\"prompt\":\"p\",\"input_reference\":{\"file_id\":\"file-1\"}}"),
                "400 invalid_value",
                "input_reference");
        refused(json("{\"prompt\":\"p\",\"video\":{\"id\":\"../x\"}}"), "400 invalid_value", "video.id");
        assertThat(Front.code(json("{\"prompt\":\"p\",\"video\":{\"id\":\"video_1\"}}")))
                .isEqualTo("404 video_not_found");
        assertThat(Front.code(json("{\"prompt\":\"p\",\"video\":{\"id\":\"x\",\"image_url\":\"data:,\"}}")))
                .startsWith("400");
    }

    @Test
    @Attack(
            name = "file-name",
            tries = "an upload called `../../.ssh/authorized_keys`, an absolute path, or with a line break",
            fails = "a client's file names are never used; files have names of ours")
    void fileNamesMeanNothing() throws IOException {
        for (String name : List.of(
                "../../.ssh/authorized_keys",
                "/etc/cron.d/x",
                "..\\\\..\\\\x",
                "x.png\\\"; filename=\\\"y",
                "CON",
                "a".repeat(2_000))) {
            refused(part("input_reference", new byte[] {1, 2, 3}, name), "400 invalid_value", "input_reference");
        }
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .doesNotContain("authorized_keys", "x", "y", "CON");
        }
    }

    @Test
    @Attack(name = "file-field", tries = "a file in a field that takes none", fails = "five fields take files")
    void fewFieldsTakeFiles() throws IOException {
        for (String field : List.of("prompt", "lora", "model", "x", "input_reference[image_url]")) {
            assertThat(Front.code(part(field, new byte[] {1}, "f"))).as(field).isEqualTo("400 unknown_parameter");
        }
    }

    @Test
    @Attack(
            name = "file-kind",
            tries = "pages, scripts, playlists and archives under the name and type of an image or video",
            fails = "the first bytes decide, and only plain images and containers are taken")
    void theFirstBytesDecide() throws IOException {
        for (String text : List.of(
                "<html><script>alert(1)</script>",
                "<svg xmlns='http://www.w3.org/2000/svg'/>",
                "#EXTM3U\n#EXTINF:1\n/etc/passwd\n",
                "ffconcat version 1.0\nfile /etc/passwd\n",
                "v=0\no=- 0 0 IN IP4 127.0.0.1\n",
                "PK\u0003\u0004",
                "%PDF-1.7",
                "#!/bin/sh\n",
                "")) {
            refused(
                    part("input_reference", text.getBytes(StandardCharsets.ISO_8859_1), "x.png"),
                    "400 invalid_value",
                    "input_reference");
            refused(
                    part("control_video", text.getBytes(StandardCharsets.ISO_8859_1), "x.mp4"),
                    "400 invalid_value",
                    "control_video");
        }
    }

    @Test
    @Attack(
            name = "png-bomb",
            tries = "a PNG of a few bytes whose header promises 100,000 x 100,000 pixels",
            fails = "the size is read before a pixel is, and 67 million pixels are the most")
    void aPngBombIsRefused() throws IOException {
        byte[] png = HexFormat.of()
                .parseHex("89504e470d0a1a0a0000000d49484452000186a0000186a008020000006bd1be28"
                        + "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082");
        refused(part("input_reference", png, "x.png"), "400 unusable_file", "input_reference");
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
        refused(
                json("{\"prompt\":\"p\",\"input_reference\":{\"image_url\":\"" + url + "\"}}"),
                "400 unusable_file",
                "input_reference");
    }

    @Test
    @Attack(name = "jpeg-bomb", tries = "a JPEG of 65,535 x 65,535 pixels", fails = "the same")
    void aJpegBombIsRefused() throws IOException {
        byte[] jpeg =
                HexFormat.of().parseHex("ffd8ffc0001108ffffffff03011100021101031101ffda000c03010002110311003f00ffd9");
        refused(part("input_reference", jpeg, "x.jpg"), "400 unusable_file", "input_reference");
    }

    @Test
    @Attack(name = "webp-bomb", tries = "a WebP whose canvas has 16,384 x 16,384 pixels", fails = "the same")
    void aWebpBombIsRefused() throws IOException {
        byte[] webp = HexFormat.of()
                .parseHex("524946462200000057454250565038580a00000000000000ff3f00ff3f00"
                        + "5650384c0600000 02fff3fff0f00".replace(" ", ""));
        refused(part("input_reference", webp, "x.webp"), "400 unusable_file", "input_reference");
    }

    @Test
    @Attack(
            name = "gif-bomb",
            tries = "a GIF of 65,535 x 65,535 pixels",
            fails = "a frame of a video has 4096 x 2304 pixels at most")
    void aGifBombIsRefused() throws IOException {
        byte[] gif = HexFormat.of()
                .parseHex("474946383961ffffffff800000000000ffffff2c00000000ffffffff000202440100 3b".replace(" ", ""));
        refused(part("input_reference", gif, "x.gif"), "400 unusable_file", "input_reference");
    }

    @Test
    @Attack(
            name = "mp4-bomb",
            tries = "an MP4 of a few kilobytes that unfolds to thousands of frames, or is cut off",
            fails = "frames are counted before they are kept, and 3,000 are the most")
    void anMp4BombIsRefused() throws IOException {
        Path file = folder.resolve("long.mp4");
        try (Video video = Video.allocate(3_100, 16, 32, 30)) {
            video.save(file, false);
        }
        byte[] bytes = Files.readAllBytes(file);
        refused(part("input_reference", bytes, "x.mp4"), "400 unusable_file", "input_reference");
        byte[] cut = ByteBuffer.allocate(64).put(front.jobs.videoBytes(), 0, 64).array();
        refused(part("input_reference", cut, "x.mp4"), "400 unusable_file", "input_reference");
    }

    @Test
    @Attack(
            name = "data-url-size",
            tries = "a data URL of more than 20 MiB in a form",
            fails = "it is decoded block by block and given up there")
    void aDataUrlHasASize() throws IOException {
        String url = "data:image/png;base64," + "AAAA".repeat(8 * MEBI);
        HttpResponse<String> answer = part("input_reference[image_url]", url);
        assertThat(Front.code(answer)).isEqualTo("413 request_too_large");
    }

    @Test
    @Attack(
            name = "idempotency-key",
            tries = "a key of a megabyte, or with characters that are none",
            fails = "it has 255 printable characters at most")
    void anIdempotencyKeyIsShort() throws IOException {
        refused(
                front.post("/v1/videos", "{\"prompt\":\"p\"}", "Idempotency-Key", "x".repeat(300)),
                "400 invalid_value",
                "Idempotency-Key");
    }

    @Test
    @Attack(
            name = "list-values",
            tries = "limits, orders and cursors that are none",
            fails = "each has its range, and a cursor is a video of this key")
    void aListHasRanges() throws IOException {
        for (String query : List.of("limit=101", "limit=-1", "limit=1e9", "order=up", "query=" + "x".repeat(300))) {
            assertThat(Front.code(front.get("/v1/videos?" + query))).as(query).isEqualTo("400 invalid_value");
        }
        assertThat(Front.code(front.get("/v1/videos?after=x"))).isEqualTo("404 video_not_found");
    }

    @Test
    @Attack(
            name = "event-id",
            tries = "a `Last-Event-ID` that is no number",
            fails = "it is refused before the stream begins")
    void anEventIdIsANumber() throws IOException {
        assertThat(Front.code(front.get("/v1/videos/events", "Last-Event-ID", "1;DROP TABLE jobs")))
                .isEqualTo("400 invalid_value");
    }
}
