package io.github.cogvideo4j.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.GetByRoleOptions;
import com.microsoft.playwright.assertions.LocatorAssertions.HasTextOptions;
import com.microsoft.playwright.options.AriaRole;
import io.github.cogvideo4j.cli.Program;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The page that `cogvideo demo --run` tells of.
class SampleRunTest extends BrowserTest {
    /// Videos are corrected when they are a tenth of a second away; a busy machine sees that a little later.
    private static final double IN_STEP = 0.3;

    @TempDir
    static Path folder;

    private static URI address;

    @BeforeAll
    static void watch() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Program program = new Program(Terminal.of(out, out, StandardCharsets.UTF_8), Map.of("LANG", "C"));
        ExitCode exit = program.run("demo", "--run", folder.resolve("sample").toString());
        assertThat(exit).as(out.toString(StandardCharsets.UTF_8)).isEqualTo(ExitCode.DONE);
        address = folder.resolve("sample-report/index.html").toUri();
    }

    private static Locator shot(Page page, int step, int prompt) {
        return page.locator(".shot[href$='checkpoint-" + step + "/" + prompt + ".mp4']");
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new GetByRoleOptions().setName(name).setExact(true));
    }

    /// Waits for the first frame of every video in sight.
    private static void awaitVideos(Page page) {
        page.locator("#videos").scrollIntoViewIfNeeded();
        page.locator("#grid video[src]").first().waitFor();
        await(page, "[...document.querySelectorAll('#grid video[src]')].every(v => v.readyState >= 2)");
    }

    @Test
    void theGridHasCheckpointsByPrompts() {
        Page page = open(address, View.WIDE);
        assertThat(page.locator("#grid tbody tr")).hasCount(3);
        assertThat(page.locator("#grid thead th")).hasCount(4);
        assertThat(page.locator("#grid tbody th b"))
                .hasText(new String[] {"checkpoint-300", "checkpoint-200", "checkpoint-100"});
        assertThat(page.locator(".shot")).hasCount(9);
        assertThat(page.locator("#alarms a").first()).hasText("checkpoint-300");
        assertThat(page.locator("#table-training tbody tr").first()).containsText("0.0001");
        awaitVideos(page);
    }

    @ParameterizedTest
    @CsvSource({"1280, false, en-US", "1280, true, zh-CN", "360, false, zh-CN", "360, true, en-US"})
    void thePageIsAccessibleAtEveryWidthInBothLanguagesAndColours(int width, boolean dark, String language) {
        View view = View.WIDE.width(width).language(language);
        Page page = open(address, dark ? view.dark() : view);
        awaitVideos(page);
        page.locator("details").evaluateAll("all => all.forEach(d => d.open = true)");
        requireAccessible(page);
        requireFits(page);
        screenshot(page, "watch-" + width + (dark ? "-dark-" : "-light-") + language);
        shot(page, 300, 1).click();
        assertThat(page.locator("#enlarged")).isVisible();
        requireAccessible(page);
        requireFits(page);
    }

    @Test
    void theLanguageIsTheReadersChoice() {
        Page page = open(address, View.WIDE.language("zh-CN"));
        assertThat(page.locator("#alarms-title")).hasText("警报", visible());
        assertThat(page.locator("html")).hasAttribute("lang", "zh");
        button(page, "English").click();
        assertThat(page.locator("#alarms-title")).hasText("Alarms", visible());
        assertThat(page.locator("html")).hasAttribute("lang", "en");
        assertThat(button(page, "English")).hasAttribute("aria-pressed", "true");
        assertThat(button(page, "中文")).hasAttribute("aria-pressed", "false");
        page.reload();
        assertThat(page.locator("#alarms-title")).hasText("Alarms", visible());
    }

    private static HasTextOptions visible() {
        return new HasTextOptions().setUseInnerText(true);
    }

    @Test
    void theColoursAreTheReadersChoice() {
        Page page = open(address, View.WIDE);
        assertThat(page.locator("html")).hasCSS("color-scheme", "light");
        String light = background(page);
        button(page, "Dark").click();
        assertThat(page.locator("html")).hasCSS("color-scheme", "dark");
        assertThat(background(page)).isNotEqualTo(light);
        assertThat(background(open(address, View.WIDE.dark()))).isEqualTo(background(page));
    }

    private static String background(Page page) {
        return (String) page.evaluate("getComputedStyle(document.body).backgroundColor");
    }

    @Test
    void videosPlayInStep() {
        Page page = open(address, View.WIDE);
        awaitVideos(page);
        button(page, "Play all").click();
        for (int look = 0; look < 3; look++) {
            page.waitForTimeout(400);
            await(
                    page,
                    "(at => at.length === 9 && Math.max(...at) - Math.min(...at) < " + IN_STEP
                            + ")([...document.querySelectorAll('#grid video')].map(v => v.currentTime))");
        }
        await(page, "[...document.querySelectorAll('#grid video')].some(v => v.currentTime > 0.2)");
        button(page, "Pause").click();
        await(page, "[...document.querySelectorAll('#grid video')].every(v => v.paused)");

        page.locator("#seek").fill("500");
        await(
                page,
                "[...document.querySelectorAll('#grid video')].every(v =>"
                        + " Math.abs(v.currentTime - v.duration / 2) < 0.05)");
        assertThat(page.locator("#clock")).containsText("s");
    }

    @Test
    void theKeyboardReachesEverything() {
        Page page = open(address, View.WIDE);
        awaitVideos(page);
        shot(page, 300, 1).focus();
        page.keyboard().press("ArrowRight");
        assertThat(shot(page, 300, 2)).isFocused();
        page.keyboard().press("ArrowDown");
        assertThat(shot(page, 200, 2)).isFocused();
        page.keyboard().press("ArrowUp");
        page.keyboard().press("ArrowUp");
        assertThat(shot(page, 300, 2)).isFocused();
        page.keyboard().press(" ");
        assertThat(button(page, "Pause")).isVisible();
        page.keyboard().press(" ");
        assertThat(button(page, "Play all")).isVisible();

        page.keyboard().press("Enter");
        Locator dialog = page.getByRole(AriaRole.DIALOG);
        assertThat(dialog).containsText("checkpoint-300: a red kite");
        button(page, "Older").focus();
        page.keyboard().press("Enter");
        assertThat(dialog).containsText("checkpoint-200: a red kite");
        screenshot(page, "watch-enlarged");
        page.keyboard().press("Escape");
        assertThat(dialog).isHidden();
        assertThat(shot(page, 200, 2)).isFocused();

        page.keyboard().press("Tab");
        assertThat(page.locator(".shot:focus")).hasCount(0);
        assertThat(page.locator(".shot[tabindex='0']")).hasCount(1);
    }

    @Test
    void everyRegionHasAName() {
        Page page = open(address, View.WIDE);
        for (String name : List.of("Alarms", "Videos", "Scores", "Training", "All checkpoints")) {
            assertThat(page.getByRole(AriaRole.REGION, new GetByRoleOptions().setName(name))
                            .first())
                    .isVisible();
        }
        assertThat(page.getByRole(AriaRole.IMG, new GetByRoleOptions().setName("temporal flickering"))
                        .first())
                .isVisible();
    }
}
