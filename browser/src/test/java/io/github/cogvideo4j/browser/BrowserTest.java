package io.github.cogvideo4j.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/// Tests of a page: one browser for each class, one fresh context (no storage, no cache) for each page opened.
///
/// A page may ask for files and for this machine only: any other request is refused, and fails the test at its end,
/// like every error in the browser's console (a script that fails, something that the page's own policy forbids).
abstract class BrowserTest {
    /// How a page is looked at.
    ///
    /// @param width    of the window, in pixels; people's telephones begin at 360
    /// @param scheme   what the system is set to: light or dark
    /// @param language the browser's language as a tag: `en-US`, `zh-CN`
    record View(int width, ColorScheme scheme, String language) {
        static final View WIDE = new View(1280, ColorScheme.LIGHT, "en-US");

        View width(int pixels) {
            return new View(pixels, scheme, language);
        }

        View dark() {
            return new View(width, ColorScheme.DARK, language);
        }

        View language(String tag) {
            return new View(width, scheme, tag);
        }
    }

    private static final int HEIGHT = 900;
    private static final int LOOKS = 600;
    private static final int BETWEEN_LOOKS = 100;
    private static final List<String> PROGRAMS =
            List.of("chromium", "chromium-browser", "google-chrome-stable", "google-chrome");
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

    private static Playwright playwright;
    private static Browser browser;

    private final List<BrowserContext> contexts = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();

    @BeforeAll
    static void startBrowser() {
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright.chromium().launch(new BrowserType.LaunchOptions().setExecutablePath(program()));
    }

    @AfterAll
    static void endBrowser() {
        playwright.close();
    }

    private static Path program() {
        String given = System.getenv("COGVIDEO_CHROMIUM");
        if (given != null) {
            return Path.of(given);
        }
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> PROGRAMS.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException(
                                "no Chromium on the PATH: install it (apt-get install chromium), or name it in COGVIDEO_CHROMIUM"));
    }

    /// Opens a page: a file, or one that this machine serves.
    final Page open(URI address, View view) {
        BrowserContext context = browser.newContext(new Browser.NewContextOptions()
                .setViewportSize(view.width(), HEIGHT)
                .setColorScheme(view.scheme())
                .setLocale(view.language()));
        contexts.add(context);
        context.route("**/*", this::localOnly);
        Page page = context.newPage();
        page.onConsoleMessage(this::noted);
        page.onPageError(error -> complaints.add(error));
        page.navigate(address.toString());
        return page;
    }

    private void localOnly(Route route) {
        URI address = URI.create(route.request().url());
        if (!"http".equals(address.getScheme()) && !"https".equals(address.getScheme())
                || LOOPBACK.contains(address.getHost())) {
            route.resume();
        } else {
            complaints.add("asked for " + address);
            route.abort();
        }
    }

    /// A video that is complete has no preview any more, which may be so just before the page asks for the last one.
    private static boolean isLatePreview(ConsoleMessage message) {
        return message.text().contains("404") && message.location().contains("/preview?");
    }

    private void noted(ConsoleMessage message) {
        if (isLatePreview(message)) {
            return;
        }
        if (message.type().equals("error") || message.type().equals("warning")) {
            complaints.add(message.type() + ": " + message.text() + " " + message.location());
        }
    }

    /// What the browser had to say so far, taken away: for tests of pages that are meant to fail at something.
    final List<String> complaints() {
        List<String> soFar = List.copyOf(complaints);
        complaints.clear();
        return soFar;
    }

    @AfterEach
    final void nothingToComplainOf() {
        contexts.forEach(BrowserContext::close);
        assertThat(complaints).as("errors of the browser").isEmpty();
    }

    /// Requires that axe-core finds nothing: contrast, names, roles, order of headings.
    static void requireAccessible(Page page) {
        assertThat(new AxeBuilder(page).analyze().getViolations())
                .extracting(rule -> rule.getId() + ": " + rule.getHelp() + "\n  "
                        + String.join(
                                "\n  ",
                                rule.getNodes().stream()
                                        .map(node -> node.getHtml() + " " + node.getFailureSummary())
                                        .toList()))
                .isEmpty();
    }

    /// Requires that the page as a whole is not wider than its window.
    static void requireFits(Page page) {
        assertThat((Boolean)
                        page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
                .as("the page fits the window's width of " + page.viewportSize().width)
                .isTrue();
    }

    /// Waits until an expression is true of a page. (Playwright's own way evaluates text inside of the page, which
    /// the policies of our pages forbid.)
    static void await(Page page, String expression) {
        for (int look = 0; look < LOOKS; look++) {
            if (Boolean.TRUE.equals(page.evaluate(expression))) {
                return;
            }
            page.waitForTimeout(BETWEEN_LOOKS);
        }
        throw new AssertionError("never became true: " + expression);
    }

    /// Keeps a picture of the whole page in `target/screenshots`, for people to look at.
    static void screenshot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions()
                .setFullPage(true)
                .setPath(Path.of("target", "screenshots", name + ".png")));
    }
}
