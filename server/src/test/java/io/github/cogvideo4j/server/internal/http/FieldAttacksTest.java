package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Attacks by the values of fields, parameters and headers: types, ranges, names, addresses, paths.
class FieldAttacksTest extends BodyAttacks {
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
