package io.github.cogvideo4j.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.CogVideoServer;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The page of a server with keys, adapters and models that take control videos, last images and masks: logging in,
/// what one key sees, what is chosen with these, previews while a video is made, and what is told when it is gone.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(240)
class ServerKeysPageTest extends ServerBrowserTest {
    private static final String ALICE = "alice-key-0123456789";
    private static final String ADMIN = "admin-key-0123456789";

    @TempDir
    static Path folder;

    private static CogVideoServer server;
    private static Path control;

    @BeforeAll
    static void start() throws IOException {
        Files.writeString(folder.resolve("keys"), "alice:" + ALICE + "\nadmin:" + ADMIN + "\n");
        control = folder.resolve("moves.mp4");
        try (Video video = Video.allocate(9, 48, 80, 8)) {
            for (long i = 0; i < video.pixels().byteSize(); i++) {
                video.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) (i / 97));
            }
            video.save(control);
        }
        Resources.funPipeline("fun-control-5b", folder.resolve("control"));
        Resources.funPipeline("fun-inp-5b", folder.resolve("inpaint"));
        server = start("none");
    }

    /// @param quota how large all videos may be together
    private static CogVideoServer start(String quota) throws IOException {
        return serve(
                folder.resolve("data"),
                "api-keys",
                folder.resolve("keys").toString(),
                "lora-dir",
                Resources.golden("lora").toString(),
                "quota",
                quota,
                "model",
                "text=" + Resources.golden("pipelines/t2v-5b"),
                "model",
                "control=" + folder.resolve("control"),
                "model",
                "inpaint=" + folder.resolve("inpaint"));
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    /// What is refused here, or was asked of the server that was stopped, is so on purpose; the browser notes each.
    @AfterEach
    void nothingButRefusals() {
        assertThat(complaints())
                .allMatch(text -> text.contains("401")
                        || text.contains("410 (")
                        || text.contains("404 (")
                        || text.contains("net::ERR_")
                        || text.contains("EventSource"));
    }

    private Page loggedIn(String key, View view) {
        Page page = open(at(server, "/"), view);
        page.locator("#key").fill(key);
        page.keyboard().press("Enter");
        page.locator(".create").waitFor();
        return page;
    }

    @Test
    @Order(1)
    void aKeyOpensThePage() {
        for (View view : List.of(View.WIDE, View.WIDE.width(360).dark().language("zh-CN"))) {
            Page page = open(at(server, "/"), view);
            assertThat(page.locator("#key")).isVisible();
            requireAccessible(page);
            requireFits(page);
            screenshot(page, "login-" + view.width() + "-" + view.language());
            page.locator("#key").fill("not-a-key-0123456789");
            page.keyboard().press("Enter");
            assertThat(page.locator("#key-wrong")).isVisible();
            assertThat(page.locator("#key")).isFocused();
            requireAccessible(page);
        }
        Page page = loggedIn(ALICE, View.WIDE);
        assertThat(page.locator(".who")).hasText("alice");
        assertThat(button(page, "Pause")).hasCount(0);
        page.reload();
        page.locator(".create").waitFor();
        button(page, "Log out").click();
        assertThat(page.locator("#key")).isVisible();
    }

    @Test
    @Order(2)
    void anAdapterIsChosen() {
        Page page = loggedIn(ALICE, View.WIDE);
        page.locator(".further > summary").click();
        page.locator("#lora").selectOption("t2v-5b_r4.safetensors");
        page.locator("#lora_scale").fill("0.7");
        fill(page, "a red cube", 2);
        button(page, "Make video").click();
        assertThat(card(page, "a red cube")).isVisible(LONG);
        card(page, "a red cube").locator(".thumb").click();
        assertThat(page.locator("dialog.video dl")).containsText("t2v-5b_r4.safetensors × 0.7");
        page.keyboard().press("Escape");
        page.locator("#lora").selectOption("");
        button(page, "Use settings: a red cube").click();
        assertThat(page.locator("#lora")).hasValue("t2v-5b_r4.safetensors");
        assertThat(page.locator("#lora_scale")).hasValue("0.7");
    }

    @Test
    @Order(3)
    void aControlVideoAndItsEdges() {
        Page page = loggedIn(ALICE, View.WIDE);
        page.locator("#model").selectOption("control");
        assertThat(page.locator(".estimate")).containsText("memory");
        for (String kind : List.of("control", "canny")) {
            page.locator("input[name=kind][value=" + kind + "]").check();
            if (page.locator("#media-video").isVisible()
                    || page.locator(".picked").count() == 0) {
                page.locator("#media-video").setInputFiles(control);
            }
            assertThat(page.locator(".picked video")).isVisible();
            fill(page, "it follows by " + kind, 2);
            button(page, "Make video").click();
            assertThat(card(page, "it follows by " + kind)).isVisible(LONG);
        }
        requireAccessible(page);
        assertThat(page.locator(".estimate")).not().containsText("waits before it");
        screenshot(page, "control");
    }

    @Test
    @Order(4)
    void aLastImageAndAMask() {
        Page page = loggedIn(ALICE, View.WIDE.width(360));
        page.locator("#model").selectOption("inpaint");
        Path image = Resources.golden("preprocess/big_320x200_RGB.png");
        page.locator("input[name=kind][value=i2v]").check();
        page.locator("#media-image").setInputFiles(image);
        page.locator("#media-last").setInputFiles(image);
        assertThat(page.locator(".picked img")).hasCount(2);
        fill(page, "from one to the other", 2);
        button(page, "Make video").click();
        assertThat(card(page, "from one to the other")).isVisible(LONG);
        page.locator("input[name=kind][value=v2v]").check();
        page.locator("#media-video").setInputFiles(control);
        page.locator("#media-mask").setInputFiles(image);
        fill(page, "made anew", 2);
        button(page, "Make video").click();
        assertThat(card(page, "made anew")).isVisible(LONG);
        requireAccessible(page);
        requireFits(page);
        screenshot(page, "mask-360");
    }

    @Test
    @Order(5)
    void framesAreSeenWhileAVideoIsMade() {
        Page page = loggedIn(ALICE, View.WIDE);
        page.locator("#model").selectOption("text");
        fill(page, "long enough to be watched", 200);
        // A video may be done before a look at it is.
        page.evaluate("new MutationObserver(() => document.querySelector('.running .preview img')"
                + "?.addEventListener('load', () => { window.seen = true; })).observe(document.body, "
                + "{ childList: true, subtree: true, attributes: true })");
        button(page, "Make video").click();
        await(page, "window.seen === true");
        screenshot(page, "running");
        assertThat(card(page, "long enough to be watched")).isVisible(LONG);
    }

    @Test
    @Order(6)
    void eachKeySeesItsOwn() {
        Page page = loggedIn(ADMIN, View.WIDE);
        assertThat(page.locator(".gallery .empty")).isVisible();
        assertThat(page.locator(".queue .empty")).isVisible();
        button(page, "Pause").click();
        Page other = loggedIn(ALICE, View.WIDE);
        assertThat(other.locator(".queue .banner")).isVisible();
        button(page, "Resume").click();
        assertThat(other.locator(".queue .banner")).isHidden();
        page.navigate(at(server, "/model").toString());
        page.locator(".model .card").first().waitFor();
        assertThat(page.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("text"))
                        .first())
                .isVisible();
    }

    @Test
    @Order(7)
    void whatIsGoneIsSaidToBeGone() throws IOException {
        Page page = loggedIn(ALICE, View.WIDE);
        card(page, "a red cube").locator(".thumb").click();
        await(page, "location.hash.startsWith('#video=')");
        String link = page.evaluate("location.hash").toString();
        page.keyboard().press("Escape");
        server.close();
        server = start("1");
        Page later = loggedIn(ALICE, View.WIDE);
        assertThat(later.locator(".cards > li:not(.failed)")).hasCount(0);
        later.navigate(at(server, "/" + link).toString());
        assertThat(later.locator(".notice")).containsText("kept for a time and is gone now");
        screenshot(later, "expired");
        later.evaluate("location.hash = 'video=video_" + "0".repeat(32) + "'");
        assertThat(later.locator(".notice")).containsText("may have been deleted");
        page.close();
    }
}
