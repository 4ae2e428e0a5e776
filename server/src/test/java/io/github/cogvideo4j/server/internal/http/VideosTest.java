package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.store.StoreException;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// The routes of videos, as clients use them.
class VideosTest {
    @TempDir
    private Path folder;

    private Front front;

    @BeforeEach
    void open() throws IOException {
        front = Front.open(folder);
    }

    @AfterEach
    void close() {
        front.close();
    }

    @Test
    void aVideoIsMadeToldOfFetchedAndDeleted() throws IOException {
        ObjectNode made = Front.json(
                front.post("/v1/videos", "{\"prompt\":\"a panda\",\"seconds\":\"1\",\"size\":\"96x64\",\"seed\":7}"));
        assertThat(made.get("status").stringValue()).isEqualTo("queued");
        assertThat(made.get("seconds").stringValue()).isEqualTo("1");
        assertThat(made.get("num_frames").intValue()).isEqualTo(9);
        assertThat(made.get("seed").intValue()).isEqualTo(7);
        String id = made.get("id").stringValue();
        assertThat(Front.code(front.get("/v1/videos/" + id + "/content"))).isEqualTo("404 video_not_ready");
        front.jobs.finish(id);
        assertThat(Front.json(front.get("/v1/videos/" + id)).get("progress").intValue())
                .isEqualTo(100);
        assertThat(Front.bytes(front.request("/v1/videos/" + id + "/content").build())
                        .body())
                .isEqualTo(front.jobs.videoBytes());
        assertThat(Front.json(front.delete("/v1/videos/" + id)).toString())
                .isEqualTo("{\"id\":\"" + id + "\",\"object\":\"video.deleted\",\"deleted\":true}");
        assertThat(Front.code(front.get("/v1/videos/" + id))).isEqualTo("404 video_not_found");
    }

    @Test
    void nestedValuesComeInThreeSpellings() throws IOException {
        String wanted = "[{\"name\":\"style\",\"scale\":0.5}]";
        List<HttpResponse<String>> answers = List.of(
                front.post("/v1/videos", "{\"prompt\":\"p\",\"lora\":{\"name\":\"style\",\"scale\":0.5}}"),
                front.form(
                        "/v1/videos",
                        List.of(parts("prompt", "p"), parts("lora", "{\"name\":\"style\",\"scale\":0.5}"))),
                front.form(
                        "/v1/videos",
                        List.of(parts("prompt", "p"), parts("lora[name]", "style"), parts("lora[scale]", "0.5"))),
                front.form(
                        "/v1/videos",
                        List.of(parts("prompt", "p"), parts("lora[][path]", "style"), parts("lora[][scale]", "0.5"))),
                front.post(
                        "/v1/videos",
                        "{\"prompt\":\"p\",\"extra_params\":{\"lora\":{\"path\":\"style\",\"scale\":0.5}}}"));
        for (HttpResponse<String> answer : answers) {
            assertThat(Front.json(answer).get("lora").toString()).isEqualTo(wanted);
        }
    }

    private static Object[] parts(String name, String text) {
        return new Object[] {name, text};
    }

    @Test
    void aFileDecidesWhatTheVideoStartsFrom() throws IOException {
        byte[] video = front.jobs.videoBytes();
        ObjectNode changed = Front.json(front.form(
                "/v1/videos",
                List.of(parts("prompt", "p"), new Object[] {"input_reference", video, "../../etc/passwd"})));
        assertThat(changed.get("kind").stringValue()).isEqualTo("v2v");
        assertThat(changed.get("inputs").toString()).isEqualTo("[\"input\"]");
        String id = changed.get("id").stringValue();
        front.jobs.finish(id);
        ObjectNode edited =
                Front.json(front.post("/v1/videos/edits", "{\"prompt\":\"p\",\"video\":{\"id\":\"" + id + "\"}}"));
        assertThat(edited.get("operation").stringValue()).isEqualTo("edit");
        assertThat(edited.get("remixed_from_video_id").stringValue()).isEqualTo(id);
        ObjectNode remixed = Front.json(front.post("/v1/videos/" + id + "/remix", "{\"prompt\":\"q\"}"));
        assertThat(remixed.get("seed")).isEqualTo(changed.get("seed"));
        assertThat(remixed.get("remixed_from_video_id").stringValue()).isEqualTo(id);
        ObjectNode longer = Front.json(front.form(
                "/v1/videos/extensions", List.of(parts("prompt", "p"), parts("video[id]", id), parts("seconds", "2"))));
        assertThat(longer.get("operation").stringValue()).isEqualTo("extension");
        assertThat(longer.get("model").stringValue()).isEqualTo("tiny-i2v");
        assertThat(Files.list(front.jobs.uploads())
                        .filter(file -> file.toString().endsWith(".part"))
                        .count())
                .isEqualTo(4);
    }

    @Test
    void pagesFollowEachOtherBothWays() throws IOException {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            made.add(front.create());
        }
        for (String order : List.of("asc", "desc")) {
            List<String> listed = new ArrayList<>();
            String after = "";
            boolean more = true;
            while (more) {
                ObjectNode page = Front.json(front.get("/v1/videos?limit=3&order=" + order + after));
                page.get("data").forEach(video -> listed.add(video.get("id").stringValue()));
                after = "&after=" + page.get("last_id").stringValue();
                more = page.get("has_more").booleanValue();
            }
            assertThat(listed).isEqualTo(order.equals("asc") ? made : made.reversed());
        }
        assertThat(Front.json(front.get("/v1/videos?limit=0")).get("first_id").isNull())
                .isTrue();
    }

    @Test
    void partsOfAFileAreAnswered() throws IOException {
        String id = front.create();
        front.jobs.finish(id);
        byte[] whole = front.jobs.videoBytes();
        String path = "/v1/videos/" + id + "/content";
        HttpResponse<byte[]> part =
                Front.bytes(front.request(path).header("Range", "bytes=10-19").build());
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.headers().firstValue("Content-Type")).contains("video/mp4");
        assertThat(part.headers().firstValue("Content-Range")).contains("bytes 10-19/" + whole.length);
        assertThat(part.body()).isEqualTo(Arrays.copyOfRange(whole, 10, 20));
        HttpResponse<byte[]> end =
                Front.bytes(front.request(path).header("Range", "bytes=-5").build());
        assertThat(end.body()).isEqualTo(Arrays.copyOfRange(whole, whole.length - 5, whole.length));
        assertThat(Front.bytes(front.request(path)
                                .header("Range", "bytes=" + whole.length + "-")
                                .build())
                        .statusCode())
                .isEqualTo(416);
        String etag = part.headers().firstValue("ETag").orElseThrow();
        assertThat(Front.bytes(front.request(path).header("If-None-Match", etag).build())
                        .statusCode())
                .isEqualTo(304);
        HttpResponse<byte[]> head = Front.bytes(front.request(path).HEAD().build());
        assertThat(head.headers().firstValueAsLong("Content-Length").orElse(0)).isEqualTo(whole.length);
        HttpResponse<byte[]> stale = Front.bytes(front.request(path)
                .header("Range", "bytes=0-1")
                .header("If-Range", "\"other\"")
                .build());
        assertThat(stale.statusCode()).isEqualTo(200);
        assertThat(front.get("/v1/videos/" + id + "/record").body()).isEqualTo("{\"format\": 2}");
    }

    @Test
    void changesAreToldAsTheyHappen() throws IOException {
        String id = front.create();
        front.jobs.cancel("local", id);
        String text =
                front.raw("GET /v1/videos/" + id + "/events HTTP/1.0\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n");
        assertThat(text).contains("Content-Type: text/event-stream", "event: video", "id: 2", "\"cancelled\"");
    }

    @Test
    void aVideoIsMadeWhileTheClientWaits() throws IOException {
        front.jobs.atOnce();
        HttpResponse<byte[]> answer = Front.bytes(front.request("/v1/videos/sync")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"p\"}"))
                .build());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(front.jobs.videoBytes());
        assertThat(answer.headers().firstValue("x-model")).contains("tiny");
        assertThat(answer.headers().firstValue("x-stage-durations")).contains("{\"denoise\":0.25}");
        assertThat(answer.headers().firstValue("x-peak-memory-mb")).contains("1.50");
    }

    @Test
    void oneRequestMayBeForSeveral() throws IOException {
        ObjectNode first = Front.json(front.post("/v1/videos", "{\"prompt\":\"p\",\"n\":3,\"seed\":5}"));
        assertThat(first.get("video_ids").size()).isEqualTo(3);
        assertThat(front.jobs.all()).extracting(job -> job.request().seed()).containsExactly(5L, 6L, 7L);
        front.jobs.most = 4;
        assertThat(Front.code(front.post("/v1/videos", "{\"prompt\":\"p\",\"n\":3}")))
                .isEqualTo("429 queue_full");
        assertThat(front.jobs.all()).hasSize(3);
    }

    /// Clients try a 503 again, and are told when.
    @Test
    void aStoreThatCannotBeReachedMayBeThereAgain() throws IOException {
        String id = front.create();
        front.jobs.broken = Optional.of(new StoreException(new SQLException("no connection")));
        HttpResponse<String> answer = front.get("/v1/videos/" + id);
        assertThat(Front.code(answer)).isEqualTo("503 store_unavailable");
        assertThat(answer.headers().firstValue("Retry-After")).hasValue("5");
        assertThat(answer.headers().firstValue("x-should-retry")).isEmpty();
    }

    @Test
    void theSameKeyGivesTheSameVideo() throws IOException {
        String body = "{\"prompt\":\"p\"}";
        String first = Front.id(front.post("/v1/videos", body, "Idempotency-Key", "k1"));
        assertThat(Front.id(front.post("/v1/videos", body, "Idempotency-Key", "k1")))
                .isEqualTo(first);
        assertThat(Front.id(front.post("/v1/videos", body, "Idempotency-Key", "k2")))
                .isNotEqualTo(first);
    }

    @Test
    void whatIsRefusedSaysWhy() throws IOException {
        front.jobs.most = 1;
        front.create();
        HttpResponse<String> full = front.post("/v1/videos", "{\"prompt\":\"p\"}");
        assertThat(Front.code(full)).isEqualTo("429 queue_full");
        assertThat(full.headers().firstValue("Retry-After")).contains("7");
        front.jobs.draining = true;
        HttpResponse<String> draining = front.post("/v1/videos", "{\"prompt\":\"p\"}");
        assertThat(Front.code(draining)).isEqualTo("503 draining");
        assertThat(front.get("/readyz").statusCode()).isEqualTo(503);
        assertThat(front.get("/livez").statusCode()).isEqualTo(200);
        assertThat(Front.code(front.post("/v1/videos/characters", "{}"))).isEqualTo("404 characters_not_supported");
        assertThat(Front.code(front.get("/v1/nothing"))).isEqualTo("404 not_found");
        assertThat(Front.code(front.delete("/v1/videos"))).isEqualTo("405 method_not_allowed");
        assertThat(front.post("/v1/videos", "{}", "Accept-Language", "zh-CN").body())
                .contains("缺少必填参数 prompt");
    }

    @Test
    void anExpiredVideoIsGone() throws IOException {
        String id = front.create();
        front.jobs.expire(id);
        for (String rest : List.of("", "/content", "/record", "/content?variant=gif")) {
            assertThat(Front.code(front.get("/v1/videos/" + id + rest))).isEqualTo("410 video_expired");
        }
        assertThat(Front.code(front.post("/v1/videos/" + id + "/remix", "{\"prompt\":\"q\"}")))
                .isEqualTo("410 video_expired");
        String failed = front.create();
        front.jobs.fail(failed, "memory", "too large");
        assertThat(Front.json(front.get("/v1/videos/" + failed))
                        .get("error")
                        .get("code")
                        .stringValue())
                .isEqualTo("memory");
        assertThat(Front.code(front.get("/v1/videos/" + failed + "/content"))).isEqualTo("404 video_failed");
        assertThat(Front.code(front.post("/v1/videos/" + failed + "/cancel", "")))
                .isEqualTo("400 video_not_cancellable");
    }

    @Test
    void whatStandsBesideTheVideosAnswers() throws IOException {
        assertThat(Front.json(front.get("/v1/models"))
                        .get("data")
                        .get(0)
                        .get("sizes")
                        .toString())
                .isEqualTo("[\"96x64\",\"64x96\"]");
        assertThat(front.get("/v1/models/tiny-i2v").statusCode()).isEqualTo(200);
        assertThat(Front.code(front.get("/v1/models/none"))).isEqualTo("404 model_not_found");
        assertThat(front.get("/v1/loras").body()).contains("style");
        for (String kind : List.of("t2v", "i2v", "v2v")) {
            assertThat(front.post("/v1/videos/estimate", "{\"prompt\":\"p\",\"kind\":\"" + kind + "\"}")
                            .body())
                    .as(kind)
                    .contains("\"fits\":true");
        }
        assertThat(front.jobs.uploads()).isEmptyDirectory();
        assertThat(front.post("/v1/queue/pause", "").body()).contains("\"paused\":true");
        assertThat(front.post("/v1/queue/resume", "").body()).contains("\"paused\":false");
        assertThat(front.get("/metrics").body()).contains("cogvideo_queue_depth 0.0", "cogvideo_http_server_requests");
        assertThat(front.get("/openapi.yaml").statusCode()).isEqualTo(200);
        assertThat(front.get("/v1/session").body()).contains("\"required\":false");
        String id = front.create();
        assertThat(front.post("/v1/videos/" + id + "/move", "{\"position\":1}").statusCode())
                .isEqualTo(200);
    }
}
