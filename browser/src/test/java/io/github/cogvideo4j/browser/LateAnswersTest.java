package io.github.cogvideo4j.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.google.gson.JsonParser;
import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.RequestOptions;
import io.github.cogvideo4j.server.CogVideoServer;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Answers that reach the page after events which tell more: what was heard last is what is shown.
@Timeout(240)
class LateAnswersTest extends ServerBrowserTest {
    @TempDir
    static Path data;

    private static CogVideoServer server;

    @BeforeAll
    static void start() throws IOException {
        server = serve(data, "model", "text=" + Resources.golden("pipelines/t2v-2b"));
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    /// The server's answer to one request, kept back as a slow network would.
    private static final class Held {
        private Route route;
        private APIResponse answer;

        static Held next(Page page, String method, String path) {
            Held held = new Held();
            page.route(Pattern.compile("[^?]*" + path + ".*"), route -> {
                if (held.route != null || !route.request().method().equals(method)) {
                    route.fallback();
                } else {
                    held.answer = route.fetch();
                    held.route = route;
                }
            });
            return held;
        }

        void letGo() {
            route.fulfill(new Route.FulfillOptions().setResponse(answer));
        }
    }

    private static Page ready(Page page) {
        assertThat(page.locator(".queue .empty")).isVisible(LONG);
        return page;
    }

    private static String post(Page page, String path, Map<String, ?> body) {
        APIResponse answer = page.request()
                .post(at(server, path).toString(), RequestOptions.create().setData(body));
        assertThat(answer).isOK();
        return answer.text();
    }

    /// @return its id
    private static String create(Page page, String prompt) {
        String video = post(page, "/v1/videos", Map.of("prompt", prompt, "num_frames", 9, "num_inference_steps", 2));
        return JsonParser.parseString(video).getAsJsonObject().get("id").getAsString();
    }

    @Test
    void aVideoThatIsCompleteIsNotQueuedAgainByTheAnswerThatAcceptedIt() {
        Page page = ready(home(server, View.WIDE));
        Held accepted = Held.next(page, "POST", "/v1/videos");
        fill(page, "made at once", 2);
        button(page, "Make video").click();
        assertThat(card(page, "made at once")).isVisible(LONG);
        accepted.letGo();
        assertThat(page.getByText("Queued.")).isVisible();
        assertThat(card(page, "made at once")).isVisible();
        assertThat(page.locator(".queue .empty")).isVisible();
    }

    @Test
    void aVideoThatWasCancelledDoesNotRunOn() {
        Page page = ready(home(server, View.WIDE));
        fill(page, "a job to end", 400);
        button(page, "Make video").click();
        Locator cancel = button(page, "Cancel: a job to end");
        assertThat(page.locator(".running")).isVisible(LONG);
        Held told = Held.next(page, "POST", "/cancel");
        cancel.click();
        assertThat(card(page, "a job to end")).containsText("Cancelled");
        told.letGo();
        assertThat(page.locator("#queue-title")).isFocused();
        assertThat(page.locator(".running")).isHidden();
        assertThat(card(page, "a job to end")).containsText("Cancelled");
    }

    @Test
    void aListThatIsOlderThanTheEventsChangesNothing() {
        Page page = ready(home(server, View.WIDE));
        button(page, "Pause").click();
        assertThat(page.locator(".queue .banner")).isVisible();
        create(page, "the first of two");
        String second = create(page, "the second of two");
        assertThat(page.locator(".waiting li")).hasCount(2);
        Held list = Held.next(page, "GET", "/v1/videos");
        button(page, "Move up: the second of two").click();
        assertThat(page.locator(".waiting li").first()).containsText("the second of two");
        post(page, "/v1/queue/resume", Map.of());
        assertThat(card(page, "the first of two")).isVisible(LONG);
        create(page, "the third");
        assertThat(card(page, "the third")).isVisible(LONG);
        page.request().delete(at(server, "/v1/videos/" + second).toString());
        assertThat(card(page, "the second of two")).hasCount(0);
        list.letGo();
        assertThat(page.getByText("Moved to place 1.")).isVisible();
        assertThat(page.locator(".queue .empty")).isVisible();
        assertThat(page.locator(".queue .banner")).isHidden();
        assertThat(card(page, "the first of two")).isVisible();
        assertThat(card(page, "the third")).isVisible();
        assertThat(card(page, "the second of two")).hasCount(0);
    }
}
