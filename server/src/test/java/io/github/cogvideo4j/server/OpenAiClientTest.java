package io.github.cogvideo4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.HttpResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.videos.ImageInputReferenceParam;
import com.openai.models.videos.Video;
import com.openai.models.videos.VideoCreateParams;
import com.openai.models.videos.VideoDownloadContentParams;
import com.openai.models.videos.VideoDownloadContentParams.Variant;
import com.openai.models.videos.VideoEditParams;
import com.openai.models.videos.VideoExtendParams;
import com.openai.models.videos.VideoListPage;
import com.openai.models.videos.VideoListParams;
import com.openai.models.videos.VideoRemixParams;
import com.openai.models.videos.VideoSeconds;
import com.openai.models.videos.VideoSize;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.server.internal.http.OpenApi;
import io.github.cogvideo4j.server.internal.store.TestStores;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// OpenAI's own client for Java, unchanged, against a server with real models of a few megabytes, on each store. What
/// it is answered is held against `openapi.yaml` on its way.
@ParameterizedClass
@EnumSource(TestStores.class)
@SuppressWarnings("deprecation") // the client's videos are marked so since OpenAI's service has ended
class OpenAiClientTest {
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final long LARGEST_JSON = 1 << 20;

    @TempDir
    private static Path folder;

    private static TestServer server;
    private static OpenAIClient client;
    private static Path image;

    OpenAiClientTest(TestStores store) {}

    @BeforeParameterizedClassInvocation
    static void start(TestStores store) throws IOException, SQLException {
        image = folder.resolve("start.png");
        try (Image black = Image.allocate(64, 96)) {
            black.savePng(image, true);
        }
        server = TestServer.start(folder.resolve(store.name()), store.fresh(), "max-queue", "40");
        client = client(TestServer.KEY);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        client.close();
        server.close();
    }

    private static OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .apiKey(key)
                .baseUrl(server.url() + "/v1")
                .maxRetries(0)
                .addInterceptor(chain -> {
                    Response answer = chain.proceed(chain.request());
                    String body = String.valueOf(answer.header("content-type")).startsWith("application/json")
                            ? answer.peekBody(LARGEST_JSON).string()
                            : "";
                    OpenApi.SERVED.check(
                            chain.request().method(),
                            chain.request().url().encodedPath(),
                            answer.code(),
                            HttpHeaders.of(answer.headers().toMultimap(), (_, _) -> true),
                            body);
                    return answer;
                })
                .build();
    }

    /// A short video in two steps.
    private static VideoCreateParams.Builder small(String prompt) {
        return VideoCreateParams.builder()
                .prompt(prompt)
                .putAdditionalBodyProperty("num_inference_steps", JsonValue.from(2))
                .putAdditionalBodyProperty("num_frames", JsonValue.from(9));
    }

    private static Video done(Video video) throws InterruptedException {
        long end = System.nanoTime() + LONGEST.toNanos();
        Video now = video;
        while (!now.status().equals(Video.Status.COMPLETED)) {
            assertThat(now.status()).as(now.toString()).isNotEqualTo(Video.Status.FAILED);
            assertThat(System.nanoTime()).as("still not done").isLessThan(end);
            Thread.sleep(100);
            now = client.videos().retrieve(video.id());
        }
        return now;
    }

    private static byte[] content(String id, Variant variant) throws IOException {
        try (HttpResponse answer = client.videos()
                        .downloadContent(VideoDownloadContentParams.builder()
                                .videoId(id)
                                .variant(variant)
                                .build());
                InputStream in = answer.body()) {
            assertThat(answer.statusCode()).isEqualTo(200);
            return in.readAllBytes();
        }
    }

    @Test
    void aVideoIsMadePolledFetchedRemixedAndDeleted() throws IOException, InterruptedException {
        Video made = client.videos()
                .create(small("a panda plays the guitar")
                        .model("t2v")
                        .seconds(VideoSeconds.of("1"))
                        .putAdditionalBodyProperty("seed", JsonValue.from(7))
                        .build());
        assertThat(made.status()).isIn(Video.Status.QUEUED, Video.Status.IN_PROGRESS);
        assertThat(made.isValid()).as("but for sizes that are not the four").isNotNull();
        Video finished = done(made);
        assertThat(finished.progress()).isEqualTo(100);
        byte[] video = content(made.id(), Variant.VIDEO);
        assertThat(new String(video, 4, 4, StandardCharsets.US_ASCII)).isEqualTo("ftyp");
        for (Variant variant : List.of(Variant.THUMBNAIL, Variant.SPRITESHEET)) {
            byte[] picture = content(made.id(), variant);
            assertThat(new String(picture, 8, 4, StandardCharsets.US_ASCII)).isEqualTo("WEBP");
        }
        Video remixed = client.videos()
                .remix(VideoRemixParams.builder()
                        .videoId(made.id())
                        .prompt("a fox plays the guitar")
                        .build());
        assertThat(remixed._additionalProperties().get("seed")).isEqualTo(JsonValue.from(7));
        assertThat(remixed.remixedFromVideoId()).contains(made.id());
        done(remixed);
        assertThat(client.videos().delete(made.id()).deleted()).isTrue();
        assertThatThrownBy(() -> client.videos().retrieve(made.id())).isInstanceOf(NotFoundException.class);
        client.videos().delete(remixed.id());
    }

    @Test
    void aFileAndADataUrlBeginAVideo() throws IOException, InterruptedException {
        Video byFile = client.videos()
                .create(small("it moves").model("i2v").inputReference(image).build());
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(Files.readAllBytes(image));
        Video byUrl = client.videos()
                .create(small("it moves")
                        .model("i2v")
                        .inputReference(
                                ImageInputReferenceParam.builder().imageUrl(url).build())
                        .build());
        for (Video video : List.of(done(byFile), done(byUrl))) {
            assertThat(video._additionalProperties().get("kind")).isEqualTo(JsonValue.from("i2v"));
            assertThat(content(video.id(), Variant.VIDEO)).isNotEmpty();
            client.videos().delete(video.id());
        }
    }

    @Test
    void aVideoIsChangedAndContinued() throws IOException, InterruptedException {
        Video first = done(client.videos().create(small("a river").model("t2v").build()));
        byte[] bytes = content(first.id(), Variant.VIDEO);
        Video edited = client.videos()
                .edit(VideoEditParams.builder()
                        .prompt("a river of ice")
                        .video(bytes)
                        .putAdditionalBodyProperty("num_inference_steps", JsonValue.from(2))
                        .build());
        Video byId = client.videos()
                .edit(VideoEditParams.builder()
                        .prompt("a river of fire")
                        .video(VideoEditParams.Video.VideoReferenceInputParam.builder()
                                .id(first.id())
                                .build())
                        .putAdditionalBodyProperty("num_inference_steps", JsonValue.from(2))
                        .build());
        Video longer = client.videos()
                .extend(VideoExtendParams.builder()
                        .prompt("it flows on")
                        .seconds(VideoSeconds.of("1"))
                        .video(VideoExtendParams.Video.VideoReferenceInputParam.builder()
                                .id(first.id())
                                .build())
                        .putAdditionalBodyProperty("num_inference_steps", JsonValue.from(2))
                        .build());
        for (Video video : List.of(done(edited), done(byId), done(longer))) {
            assertThat(content(video.id(), Variant.VIDEO)).isNotEmpty();
        }
        assertThat(frames(done(longer))).isGreaterThan(frames(first));
        for (Video video : List.of(first, edited, byId, longer)) {
            client.videos().delete(video.id());
        }
    }

    private static int frames(Video video) {
        return Integer.parseInt(video._additionalProperties().get("num_frames").toString());
    }

    @Test
    void pagesFollowEachOtherBothWays() throws InterruptedException {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            made.add(client.videos()
                    .create(small("number " + i)
                            .model("t2v")
                            .putAdditionalBodyProperty("num_inference_steps", JsonValue.from(1))
                            .build())
                    .id());
        }
        for (VideoListParams.Order order : List.of(VideoListParams.Order.ASC, VideoListParams.Order.DESC)) {
            VideoListPage page = client.videos()
                    .list(VideoListParams.builder().limit(3).order(order).build());
            assertThat(page.hasNextPage()).isTrue();
            List<String> listed = new ArrayList<>();
            page.autoPager().forEach(video -> listed.add(video.id()));
            listed.retainAll(made);
            assertThat(listed).isEqualTo(order.equals(VideoListParams.Order.ASC) ? made : made.reversed());
        }
        made.forEach(id -> client.videos().delete(id));
    }

    @Test
    void refusalsBecomeTheClientsExceptions() {
        assertThatThrownBy(() -> client("wrong-key-0123456789").videos().list())
                .isInstanceOf(UnauthorizedException.class);
        assertThatThrownBy(() -> client.videos().retrieve("video_none")).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> client.videos()
                        .create(VideoCreateParams.builder()
                                .prompt("p")
                                .model("t2v")
                                .size(VideoSize.of("17x17"))
                                .build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.param()).contains("size"));
        List<String> made = new ArrayList<>();
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 60; i++) {
                        made.add(client.videos()
                                .create(small("queue").model("t2v").build())
                                .id());
                    }
                })
                .isInstanceOfSatisfying(
                        RateLimitException.class,
                        e -> assertThat(e.headers().values("Retry-After")).isNotEmpty());
        made.forEach(id -> client.videos().delete(id));
    }

    @Test
    void anUnfinishedVideoHasNoContentYet() {
        Video made = client.videos()
                .create(small("wait")
                        .model("t2v")
                        .putAdditionalBodyProperty("num_inference_steps", JsonValue.from(100))
                        .build());
        assertThatThrownBy(() -> content(made.id(), Variant.VIDEO)).isInstanceOf(NotFoundException.class);
        assertThat(Arrays.asList(Video.Status.QUEUED, Video.Status.IN_PROGRESS)).contains(made.status());
        client.videos().delete(made.id());
    }
}
