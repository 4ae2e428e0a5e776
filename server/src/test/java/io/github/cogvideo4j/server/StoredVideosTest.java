package io.github.cogvideo4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.store.TestStores;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/// What the API promises and a store has to keep: the same video for the same key, streams that go on where they were,
/// places in the queue, files that expire. On each store, with real models behind it.
@ParameterizedClass
@EnumSource(TestStores.class)
class StoredVideosTest {
    private static final String SMALL = "\"num_frames\":9,\"num_inference_steps\":2,\"seed\":7";
    private static final Pattern CHANGE = Pattern.compile("(?m)^id: (\\d+)$");

    private final TestStores store;

    @TempDir
    private Path folder;

    private Optional<String> url = Optional.empty();
    private TestServer server;

    StoredVideosTest(TestStores store) {
        this.store = store;
    }

    @BeforeParameterizedClassInvocation
    static void isThere(TestStores store) {
        store.assumeThere();
    }

    @BeforeEach
    void start() throws IOException, SQLException {
        url = store.fresh();
        server = TestServer.start(folder.resolve("data"), url);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private void restart(String... settings) throws IOException {
        server.close();
        server = TestServer.start(folder.resolve("data"), url, settings);
    }

    private static String body(String prompt, String more) {
        return "{\"prompt\":\"" + prompt + "\"," + SMALL + more + "}";
    }

    @Test
    void oneVideoByJsonAndByTheEndpointThatWaits() throws Exception {
        ObjectNode video = server.over(TestServer.id(server.post("/v1/videos", body("a river", ""))));
        assertThat(video.get("status").stringValue()).isEqualTo("completed");
        HttpResponse<String> waited = server.post("/v1/videos/sync", body("a river", ""));
        assertThat(waited.statusCode()).isEqualTo(200);
        assertThat(waited.headers().firstValue("content-type")).contains("video/mp4");
        assertThat(waited.headers().firstValue("x-model")).contains("t2v");
        assertThat(waited.headers().firstValue("x-inference-time-s").orElseThrow())
                .matches("\\d+\\.\\d{3}");
        assertThat(waited.headers().firstValue("x-stage-durations").orElseThrow())
                .contains("\"denoise\":", "\"decode\":");
        assertThat(Double.parseDouble(
                        waited.headers().firstValue("x-peak-memory-mb").orElseThrow()))
                .isPositive();
        String same = waited.headers().firstValue("x-video-id").orElseThrow();
        assertThat(server.get("/v1/videos/" + same + "/content").headers().firstValue("etag"))
                .isEqualTo(server.get("/v1/videos/" + video.get("id").stringValue() + "/content")
                        .headers()
                        .firstValue("etag"));
    }

    /// What stands in for an input that was not chosen yet needs what the input itself needs.
    @Test
    void anEstimateNeedsNoInputYet() throws Exception {
        String image = "data:image/png;base64,"
                + Base64.getEncoder()
                        .encodeToString(Files.readAllBytes(Resources.golden("preprocess/big_320x200_RGB.png")));
        Path file = folder.resolve("nine.mp4");
        try (Video nine = Video.allocate(9, 48, 80, 8)) {
            nine.save(file);
        }
        String video = "data:video/mp4;base64," + Base64.getEncoder().encodeToString(Files.readAllBytes(file));
        for (String[] one : new String[][] {
            {"i2v", ",\"input_reference\":{\"image_url\":\"" + image + "\"}"},
            {"v2v", ",\"video\":{\"video_url\":\"" + video + "\"}"}
        }) {
            String kind = ",\"kind\":\"" + one[0] + "\"";
            ObjectNode supposed = TestServer.json(server.post("/v1/videos/estimate", body("p", kind)));
            ObjectNode known = TestServer.json(server.post("/v1/videos/estimate", body("p", kind + one[1])));
            supposed.remove(List.of("memory_available_bytes"));
            known.remove(List.of("memory_available_bytes"));
            assertThat(supposed).as(one[0]).isEqualTo(known);
        }
        assertThat(TestServer.json(server.get("/v1/videos")).get("data").isEmpty())
                .isTrue();
        assertThat(folder.resolve("data/uploads")).isEmptyDirectory();
    }

    @Test
    void theSameKeyGivesTheSameVideoAfterARestartToo() throws Exception {
        String first = TestServer.id(server.post("/v1/videos", body("a river", ""), "Idempotency-Key", "k"));
        restart();
        assertThat(TestServer.id(server.post("/v1/videos", body("a river", ""), "Idempotency-Key", "k")))
                .isEqualTo(first);
        assertThat(TestServer.code(server.post("/v1/videos", body("a lake", ""), "Idempotency-Key", "k")))
                .isEqualTo("400 idempotency_key_reused");
        server.over(first);
    }

    @Test
    void aStreamGoesOnWhereItWas() throws Exception {
        String id = TestServer.id(server.post("/v1/videos", body("a river", "")));
        String whole = server.get("/v1/videos/" + id + "/events").body();
        assertThat(whole).contains("event: video", "\"status\":\"completed\"");
        List<String> changes =
                CHANGE.matcher(whole).results().map(found -> found.group(1)).toList();
        restart();
        String rest =
                server.get("/v1/videos/" + id + "/events", "Last-Event-ID", "0").body();
        Matcher last = CHANGE.matcher(rest);
        assertThat(last.find()).isTrue();
        assertThat(last.group(1)).isEqualTo(changes.getLast());
        assertThat(rest).contains("\"status\":\"completed\"");
    }

    @Test
    void thePlaceInTheQueueIsKept() throws Exception {
        server.post("/v1/queue/pause", "");
        String first = TestServer.id(server.post("/v1/videos", body("first", "")));
        String second = TestServer.id(server.post("/v1/videos", body("second", "")));
        ObjectNode moved = TestServer.json(server.post("/v1/videos/" + second + "/move", "{\"position\":1}"));
        assertThat(moved.get("queue_position").intValue()).isEqualTo(1);
        restart();
        assertThat(TestServer.json(server.get("/v1/queue")).get("paused").booleanValue())
                .isTrue();
        assertThat(TestServer.json(server.get("/v1/videos/" + first))
                        .get("queue_position")
                        .intValue())
                .isEqualTo(2);
        ObjectNode cancelled = TestServer.json(server.post("/v1/videos/" + first + "/cancel", ""));
        assertThat(cancelled.get("status").stringValue()).isEqualTo("failed");
        assertThat(cancelled.get("error").get("code").stringValue()).isEqualTo("cancelled");
        server.post("/v1/queue/resume", "");
        assertThat(server.over(second).get("status").stringValue()).isEqualTo("completed");
    }

    @Test
    void whatExpiredIsGone() throws Exception {
        String id = TestServer.id(server.post("/v1/videos", body("a river", "")));
        server.over(id);
        // What all videos may take together is less than this one does.
        restart("quota", "1");
        while (server.get("/v1/videos/" + id).statusCode() == 200) {
            Thread.sleep(50);
        }
        for (String rest : List.of("", "/content", "/record", "/content?variant=thumbnail")) {
            assertThat(TestServer.code(server.get("/v1/videos/" + id + rest))).isEqualTo("410 video_expired");
        }
        assertThat(TestServer.json(server.get("/v1/videos")).get("data").isEmpty())
                .isTrue();
        assertThat(folder.resolve("data/videos")).isEmptyDirectory();
    }
}
