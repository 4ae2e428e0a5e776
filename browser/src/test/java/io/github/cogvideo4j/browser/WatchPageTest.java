package io.github.cogvideo4j.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Block;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page of a long run: 100 checkpoints by 8 prompts.
class WatchPageTest extends BrowserTest {
    private static final int CHECKPOINTS = 100;
    private static final int PROMPTS = 8;
    private static final int BLOCKS = 42;

    @TempDir
    static Path folder;

    private static URI address;

    @BeforeAll
    static void write() throws IOException {
        List<String> prompts = new ArrayList<>();
        for (int i = 1; i <= PROMPTS; i++) {
            prompts.add(
                    "a lighthouse on a cliff, number " + i + ", waves below, clouds moving at dusk, seen from the sea");
        }
        List<WatchedCheckpoint> checkpoints = new ArrayList<>();
        for (int i = 1; i <= CHECKPOINTS; i++) {
            checkpoints.add(checkpoint(i));
        }
        WatchReport report = new WatchReport(
                "/data/runs/lighthouse-lr1e-4",
                "THUDM/CogVideoX-5b",
                42,
                false,
                prompts,
                Collections.emptySortedMap(),
                checkpoints);
        Path file = Files.writeString(folder.resolve("index.html"), report.page());
        address = file.toUri();
        assertThat(Files.size(file)).isLessThan(2_500_000);
    }

    private static WatchedCheckpoint checkpoint(int index) throws IOException {
        String name = "checkpoint-" + 100 * index;
        List<Sample> samples = new ArrayList<>();
        Path videos = Files.createDirectories(folder.resolve("videos").resolve(name));
        for (int prompt = 0; prompt < PROMPTS; prompt++) {
            Path video = videos.resolve(prompt + 1 + ".mp4");
            Files.copy(Resources.golden("score/pattern.mp4"), video);
            Map<Score, Double> scores = new EnumMap<>(Score.class);
            scores.put(Score.TEMPORAL_FLICKERING, 0.95 - Math.abs(index - 60) * 1e-3 + prompt * 1e-3);
            scores.put(Score.BLUR, 5 - index / 30.0 + prompt * 0.05);
            samples.add(new Sample(prompt, "videos/" + name + "/" + (prompt + 1) + ".mp4", scores, Set.of()));
        }
        boolean broken = index == 90;
        return new WatchedCheckpoint(
                name,
                "checkpoint-N",
                100L * index,
                State.DONE,
                index < 95,
                Optional.empty(),
                Optional.empty(),
                new Training(
                        OptionalLong.of(100L * index),
                        Optional.of("CogKit"),
                        OptionalDouble.of(1e-4 * (1 - index / 200.0)),
                        OptionalDouble.of(0.4 / Math.sqrt(index))),
                samples,
                Optional.of(drift("transformer", 0.002 * index)),
                index == 1
                        ? Optional.empty()
                        : Optional.of(drift("checkpoint-" + 100 * (index - 1), broken ? 0.3 : 0.02 / index)),
                Optional.empty(),
                broken
                        ? List.of(new Alarm(
                                AlarmKind.DIVERGENCE,
                                "the weights moved 15 times as far as between the checkpoints before",
                                "权重的变化是之前各检查点之间的 15 倍"))
                        : List.of());
    }

    private static Drift drift(String against, double relative) {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < BLOCKS; i++) {
            blocks.add(new Block("transformer_blocks", i, relative * (0.5 + i / 30.0), Map.of()));
        }
        SequencedMap<String, Double> outside = new LinkedHashMap<>();
        outside.put("patch_embed.proj", relative / 10);
        outside.put("proj_out", relative / 5);
        return new Drift(against, relative, blocks, outside);
    }

    @Test
    void onlyVideosInSightAreLoaded() {
        Page page = open(address, View.WIDE);
        Locator loaded = page.locator("#grid video[src]");
        page.locator("#videos").scrollIntoViewIfNeeded();
        loaded.first().waitFor();
        assertThat(loaded.count()).isBetween(PROMPTS, 15 * PROMPTS);

        page.locator(".shot[href$='checkpoint-100/1.mp4']").scrollIntoViewIfNeeded();
        PlaywrightAssertions.assertThat(page.locator(".shot[href$='checkpoint-100/1.mp4'] video[src]"))
                .hasCount(1);
        PlaywrightAssertions.assertThat(page.locator(".shot[href$='checkpoint-10000/1.mp4'] video[src]"))
                .hasCount(0);
        assertThat(loaded.count()).isBetween(PROMPTS, 15 * PROMPTS);
    }

    @Test
    void namesStayInSight() {
        Page page = open(address, View.WIDE.width(360));
        page.locator(".shot[href$='checkpoint-100/8.mp4']").scrollIntoViewIfNeeded();
        assertThat(page.locator("#checkpoint-row-0 th").boundingBox().x).isBetween(0.0, 60.0);
        assertThat(page.locator("#grid thead th").last().boundingBox().y)
                .isCloseTo(page.locator("#grid").boundingBox().y, within(3.0));
        requireFits(page);
        screenshot(page, "watch-long-360");
    }
}
