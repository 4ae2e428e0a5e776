package io.github.cogvideo4j.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.microsoft.playwright.Page;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the tests of pages rest on does notice what is wrong with a page.
class BrowserSelfTest extends BrowserTest {
    @TempDir
    Path folder;

    private Page page(String body, View view) throws Exception {
        Path file = folder.resolve("page.html");
        Files.writeString(
                file,
                "<!doctype html><html lang=en><meta charset=utf-8><title>t</title><main><h1>Title</h1>" + body
                        + "</main>");
        return open(file.toUri(), view);
    }

    @Test
    void aPageIsSeenAsAsked() throws Exception {
        Page page = page("<p>text", View.WIDE.width(360).dark().language("zh-CN"));
        assertThat(page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, navigator.language]")
                        .toString())
                .isEqualTo("[360, true, zh-CN]");
        requireAccessible(page);
        requireFits(page);
    }

    @Test
    void whatIsWrongIsFound() throws Exception {
        Page page = page("<input><p style='width:2000px;color:#eee;background:#fff'>faint", View.WIDE);
        assertThatThrownBy(() -> requireAccessible(page))
                .hasMessageContaining("color-contrast")
                .hasMessageContaining("label");
        assertThatThrownBy(() -> requireFits(page)).hasMessageContaining("1280");
    }

    @Test
    void otherMachinesAreNotAsked() throws Exception {
        Page page = page("<img alt='' src='http://192.0.2.1/x.png'><script>throw Error('broken')</script>", View.WIDE);
        page.waitForLoadState();
        assertThat(complaints()).anyMatch(c -> c.contains("192.0.2.1")).anyMatch(c -> c.contains("broken"));
    }
}
