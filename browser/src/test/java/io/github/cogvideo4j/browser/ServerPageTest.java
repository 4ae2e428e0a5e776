package io.github.cogvideo4j.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import io.github.cogvideo4j.server.CogVideoServer;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The whole way of a person through the server's page, with real models of the goldens' size behind it: make, watch,
/// cancel, look, compare, make again, and find all of it after a restart. The tests are chapters of one story.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(240)
class ServerPageTest extends ServerBrowserTest {
    @TempDir
    static Path data;

    private static CogVideoServer server;
    private static int port;

    @BeforeAll
    static void start() throws IOException {
        server = serve(0);
        port = server.address().getPort();
    }

    private static CogVideoServer serve(int port) throws IOException {
        return serve(
                data,
                "model",
                "text=" + Resources.golden("pipelines/t2v-2b"),
                "model",
                "image=" + Resources.golden("pipelines/i2v-5b"),
                "port",
                String.valueOf(port));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static URI at(String path) {
        return at(server, path);
    }

    private Page home(View view) {
        return home(server, view);
    }

    private static void keepSeed(Page page, int seed) {
        page.locator("#seed-mode").selectOption("keep");
        page.locator("#seed").fill(String.valueOf(seed));
        page.locator("#seed").blur();
    }

    @Test
    @Order(1)
    void anEmptyPageSaysWhatToDo() {
        Page page = home(View.WIDE);
        assertThat(page.locator(".queue .empty")).isVisible();
        assertThat(page.locator(".gallery .empty")).isVisible();
        button(page, "Make video").click();
        assertThat(page.locator("#prompt-wrong")).isVisible();
        assertThat(page.locator("#prompt")).isFocused();
        assertThat(page.locator(".estimate")).containsText("memory");
        requireAccessible(page);
        requireFits(page);
    }

    @Test
    @Order(2)
    void aVideoFromText() {
        Page page = home(View.WIDE);
        fill(page, "a red cube", 4);
        keepSeed(page, 7);
        button(page, "Make video").click();
        assertThat(card(page, "a red cube")).isVisible(LONG);
        card(page, "a red cube").locator(".thumb").focus();
        page.keyboard().press("ArrowRight");
        assertThat(card(page, "a red cube").locator(".sheet")).isVisible();
        page.keyboard().press("Enter");
        Locator dialog = page.locator("dialog.video[open]");
        assertThat(dialog.locator("dl")).containsText("a red cube");
        await(page, "document.querySelector('dialog.video video').readyState >= 2");
        requireAccessible(page);
        assertThat(downloaded(page, "Download MP4")).contains("ftyp");
        assertThat(downloaded(page, "Download GIF")).startsWith("GIF89a");
        assertThat(downloaded(page, "Download record")).startsWith("{");
        page.keyboard().press("Escape");
        assertThat(dialog).isHidden();
    }

    private static String downloaded(Page page, String name) {
        Download download = page.waitForDownload(() -> page.getByRole(
                        AriaRole.LINK, new Page.GetByRoleOptions().setName(name).setExact(true))
                .click());
        try {
            byte[] head = new byte[12];
            try (InputStream in = Files.newInputStream(download.path())) {
                in.readNBytes(head, 0, head.length);
            }
            return new String(head, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", ".");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Order(3)
    void settingsComeBackByAClickAndByALink() {
        Page page = home(View.WIDE);
        button(page, "Use settings: a red cube").click();
        assertThat(page.locator("#prompt")).hasValue("a red cube");
        assertThat(page.locator("#seed")).hasValue("7");
        assertThat(page.locator("#num_inference_steps")).hasValue("4");
        assertThat(page.locator("#seed-mode")).hasValue("keep");

        Page linked = open(at("/#make?prompt=from+a+link&num_inference_steps=3&seed=99&unknown=1"), View.WIDE);
        assertThat(linked.locator("#prompt")).hasValue("from a link");
        assertThat(linked.locator("#seed")).hasValue("99");
        assertThat(linked.locator("#num_inference_steps")).hasValue("3");
        assertThat(linked).hasURL(at("/").toString());
    }

    @Test
    @Order(4)
    void theNextSeedAndARemix() {
        Page page = home(View.WIDE);
        card(page, "a red cube").locator(".thumb").click();
        button(page, "Again, next seed").click();
        assertThat(card(page, "a red cube")).hasCount(2, new LocatorAssertions.HasCountOptions().setTimeout(90_000));
        card(page, "a red cube").first().locator(".thumb").click();
        button(page, "Remix").click();
        page.locator("#remix").fill("a blue ball");
        button(page, "Make remix").click();
        assertThat(card(page, "a blue ball")).isVisible(LONG);
        assertThat(card(page, "a blue ball")).containsText("Seed 8");
    }

    @Test
    @Order(5)
    void twoVideosSideBySideInStep() {
        Page page = home(View.WIDE);
        card(page, "a red cube").first().getByRole(AriaRole.CHECKBOX).check();
        card(page, "a blue ball").getByRole(AriaRole.CHECKBOX).check();
        page.locator(".choosing button.main").click();
        Locator dialog = page.locator("dialog.compare[open]");
        assertThat(dialog.locator("tbody")).containsText("a blue ball");
        await(page, "[...document.querySelectorAll('dialog.compare video')].every(video => video.readyState >= 2)");
        button(page, "One frame forward").click();
        await(
                page,
                "(([one, two]) => one.paused && two.paused && !one.seeking && !two.seeking && one.currentTime === two.currentTime)"
                        + "([...document.querySelectorAll('dialog.compare video')])");
        requireAccessible(page);
        page.keyboard().press("Escape");
        assertThat(dialog).isHidden();
    }

    @Test
    @Order(6)
    void aVideoFromAnImageAndFromAFrame() {
        Page page = home(View.WIDE);
        page.locator("#model").selectOption("image");
        button(page, "Make video").click();
        assertThat(page.locator("#media-image-wrong")).isVisible();
        page.locator("#media-image").setInputFiles(Resources.golden("preprocess/big_320x200_RGB.png"));
        assertThat(page.locator(".picked img")).isVisible();
        fill(page, "the picture moves", 2);
        button(page, "Make video").click();
        assertThat(card(page, "the picture moves")).isVisible(LONG);

        card(page, "a blue ball").locator(".thumb").click();
        await(page, "document.querySelector('dialog.video video').readyState >= 2");
        button(page, "Use this frame").click();
        assertThat(page.locator(".picked img")).isVisible();
        assertThat(page.locator("#model")).hasValue("image");
        fill(page, "the frame moves", 2);
        button(page, "Make video").click();
        assertThat(card(page, "the frame moves")).isVisible(LONG);
    }

    @Test
    @Order(7)
    void aVideoFromAVideo() {
        Page page = home(View.WIDE);
        card(page, "a blue ball").locator(".thumb").click();
        button(page, "Use as input").click();
        assertThat(page.locator(".picked video")).isVisible();
        assertThat(page.locator("#strength")).isVisible();
        fill(page, "a green ball", 4);
        button(page, "Make video").click();
        assertThat(card(page, "a green ball")).isVisible(LONG);
    }

    @Test
    @Order(8)
    void theQueueIsPausedReorderedAndCancelled() {
        Page page = home(View.WIDE);
        button(page, "Pause").click();
        assertThat(page.locator(".queue .banner")).isVisible();
        for (String prompt : List.of("first in line", "second in line")) {
            fill(page, prompt, 2);
            button(page, "Make video").click();
            assertThat(page.locator(".waiting").getByText(prompt)).isVisible();
        }
        requireAccessible(page);
        button(page, "Move up: second in line").focus();
        page.keyboard().press("Enter");
        assertThat(page.locator(".waiting li").first()).containsText("second in line");
        button(page, "Cancel: second in line").click();
        assertThat(card(page, "second in line")).containsText("Cancelled");
        button(page, "Resume").click();
        assertThat(card(page, "first in line")).isVisible(LONG);
    }

    @Test
    @Order(9)
    void aRunningVideoIsCancelled() {
        Page page = home(View.WIDE);
        fill(page, "a long job", 200);
        page.locator(".further > summary").click();
        page.locator("#count").fill("3");
        page.locator("#count").blur();
        button(page, "Pause").click();
        assertThat(page.locator(".queue .banner")).isVisible();
        button(page, "Make 3 videos").click();
        Locator waiting = page.locator(".waiting li");
        assertThat(waiting).hasCount(3);
        for (int left = 2; left > 0; left--) {
            waiting.last().getByRole(AriaRole.BUTTON).last().click();
            assertThat(waiting).hasCount(left);
        }
        button(page, "Resume").click();
        assertThat(page.locator(".running")).isVisible(LONG);
        button(page, "Cancel: a long job").click();
        assertThat(page.locator(".running")).isHidden();
        assertThat(card(page, "a long job").filter(new Locator.FilterOptions().setHasText("Cancelled")))
                .hasCount(3);
    }

    @Test
    @Order(10)
    void aServerThatWasRestartedHasEverything() throws Exception {
        Page page = home(View.WIDE);
        assertThat(page.locator(".queue .empty")).isVisible(LONG);
        int cards = page.locator(".cards > li").count();
        server.close();
        assertThat(page.locator("main > .banner")).isVisible();
        server = serve(port);
        assertThat(page.locator("main > .banner")).isHidden(new LocatorAssertions.IsHiddenOptions().setTimeout(30_000));
        page.reload();
        assertThat(page.locator(".cards > li")).hasCount(cards);
        card(page, "a blue ball").locator(".thumb").click();
        await(page, "document.querySelector('dialog.video video').readyState >= 2");
        // While there was no server the browser complained of that.
        assertThat(complaints())
                .allMatch(text ->
                        text.contains("net::ERR_") || text.contains("EventSource") || text.contains("/preview"));
    }

    @Test
    @Order(11)
    void searchFindsPromptsAndSettings() {
        Page page = home(View.WIDE);
        Locator search = page.locator("#search");
        search.fill("red cube seed:8");
        assertThat(page.locator(".cards > li")).hasCount(1);
        search.fill("no such thing");
        assertThat(page.locator(".gallery .empty")).isVisible();
        search.fill("");
        page.locator("#only").selectOption("failed");
        assertThat(page.locator(".cards > li.failed").first()).isVisible();
        assertThat(page.locator(".cards > li:not(.failed)")).hasCount(0);
    }

    @Test
    @Order(12)
    void theModelIsProvenAndComparedOnItsPage() {
        Page page = open(at("/model"), View.WIDE);
        assertThat(page.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("text"))
                        .first())
                .isVisible();
        button(page, "Check now").click();
        assertThat(button(page, "Check again")).isVisible(LONG);
        button(page, "Compare").click();
        assertThat(page.locator("table.heat").first()).isVisible(LONG);
        requireAccessible(page);
        requireFits(page);
        screenshot(page, "server-model-light-en");
    }

    @Test
    @Order(13)
    void bothLanguagesBothSchemesAndTelephones() {
        for (View view : List.of(
                View.WIDE,
                View.WIDE.dark().language("zh-CN"),
                View.WIDE.width(360).dark(),
                View.WIDE.width(360).language("zh-CN"))) {
            String name = "server-" + view.width() + "-" + view.scheme().name().toLowerCase(Locale.ROOT) + "-"
                    + view.language();
            Page page = home(view);
            assertThat(page.locator("html"))
                    .hasAttribute("lang", Pattern.compile(view.language().startsWith("zh") ? "zh-Hans" : "en"));
            page.locator(".further > summary").click();
            requireAccessible(page);
            requireFits(page);
            screenshot(page, name);
            page.locator(".thumb").first().click();
            page.locator("dialog.video[open] video").waitFor();
            requireAccessible(page);
            requireFits(page);
            page.keyboard().press("Escape");
            page.navigate(at("/model").toString());
            page.locator(".model .card").first().waitFor();
            requireAccessible(page);
            requireFits(page);
        }
    }

    @Test
    @Order(14)
    void everyFieldIsReachedByTheKeyboard() {
        Page page = home(View.WIDE);
        page.locator(".further > summary").focus();
        page.keyboard().press("Enter");
        page.locator(".skip").focus();
        List<?> wanted = (List<?>)
                page.evaluate(
                        "[...document.querySelectorAll('.create input, .create select, .create textarea, .create button')]"
                                + ".filter(field => !field.disabled && field.type !== 'radio').map(field => field.id || field.textContent.trim())");
        Set<Object> reached = new HashSet<>();
        for (int i = 0; i < 80; i++) {
            page.keyboard().press("Tab");
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"));
        }
        assertThat(reached).containsAll(wanted);
    }

    @Test
    @Order(15)
    void theLanguageAndTheSchemeThatWereChosenStay() {
        Page page = home(View.WIDE);
        button(page, "中文").click();
        assertThat(page.locator("h2").first()).hasText("新建视频");
        page.locator("#scheme").selectOption("dark");
        page.reload();
        assertThat(page.locator("h2").first()).hasText("新建视频");
        assertThat(page.locator("html")).hasAttribute("data-scheme", "dark");
    }

    @Test
    @Order(16)
    void aVideoIsDeleted() {
        Page page = home(View.WIDE);
        card(page, "a green ball").locator(".thumb").click();
        button(page, "Delete").last().click();
        button(page, "Delete for good?").click();
        assertThat(card(page, "a green ball")).hasCount(0);
        page.reload();
        assertThat(page.locator(".cards > li").first()).isVisible();
        assertThat(card(page, "a green ball")).hasCount(0);
    }
}
