package io.github.cogvideo4j.browser;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import io.github.cogvideo4j.server.CogVideoServer;
import io.github.cogvideo4j.server.ServerSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;

/// Tests of the server's page, with real models of the goldens' size behind it.
abstract class ServerBrowserTest extends BrowserTest {
    static final LocatorAssertions.IsVisibleOptions LONG = new LocatorAssertions.IsVisibleOptions().setTimeout(90_000);

    /// Videos are computed meanwhile, on whatever machine this is.
    @BeforeAll
    static void bePatient() {
        PlaywrightAssertions.setDefaultAssertionTimeout(30_000);
    }

    /// @param settings names and values in pairs; a name may come several times
    static CogVideoServer serve(Path data, String... settings) throws IOException {
        Map<String, List<String>> all = new HashMap<>(Map.of(
                "data-dir", List.of(data.toString()),
                "port", List.of("0"),
                "dtype", List.of("fp32"),
                "threads", List.of("1"),
                "min-free", List.of("1M")));
        Map<String, List<String>> given = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            given.computeIfAbsent(settings[i], _ -> new ArrayList<>()).add(settings[i + 1]);
        }
        all.putAll(given);
        return CogVideoServer.start(ServerSettings.read(all, Map.of(), Optional.empty()));
    }

    static URI at(CogVideoServer server, String path) {
        return server.address().resolve(path);
    }

    /// The page with the form.
    final Page home(CogVideoServer server, View view) {
        Page page = open(at(server, "/"), view);
        page.locator(".create").waitFor();
        return page;
    }

    static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    /// A video in the gallery.
    static Locator card(Page page, String prompt) {
        return page.locator(".cards > li").filter(new Locator.FilterOptions().setHasText(prompt));
    }

    /// Asks for a short video in so many steps.
    static void fill(Page page, String prompt, int steps) {
        page.locator("#prompt").fill(prompt);
        page.locator("#num_inference_steps").fill(String.valueOf(steps));
        page.locator("#num_inference_steps").blur();
        if (page.locator("#num_frames").isVisible()) {
            page.locator("#num_frames").selectOption("9");
        }
    }
}
