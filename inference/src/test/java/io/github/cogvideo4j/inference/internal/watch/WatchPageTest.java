package io.github.cogvideo4j.inference.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Block;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Trouble;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WatchPageTest {
    private static final String ATTACK = "x\"'><script>alert(1)</script><img src=x onerror=alert(2)>&\u202e";

    private static WatchedCheckpoint checkpoint(String name, long number, State state, Drift drift, double blur) {
        return new WatchedCheckpoint(
                name,
                "checkpoint-N",
                number,
                state,
                false,
                state == State.FAILED ? Optional.of(new Trouble("bad-crc", ATTACK, "坏" + ATTACK)) : Optional.empty(),
                Optional.empty(),
                new Training(
                        OptionalLong.of(number),
                        Optional.of(ATTACK),
                        OptionalDouble.of(1e-5),
                        OptionalDouble.of(1.0 / number)),
                state == State.DONE
                        ? List.of(new Sample(
                                0,
                                "videos/" + name + "/1.mp4",
                                Map.of(Score.BLUR, blur),
                                number == 1 ? Set.of(VideoSymptom.NOISE) : Set.of()))
                        : List.of(),
                Optional.of(drift),
                Optional.of(drift),
                Optional.of(new Values(
                        Optional.empty(), 12, Names.of(List.of(ATTACK)), Names.of(List.of()), Names.of(List.of()))),
                number == 1 ? List.of(new Alarm(AlarmKind.NAN, ATTACK, "警" + ATTACK)) : List.of());
    }

    private static Drift drift(double relative) {
        SequencedMap<String, Double> outside = new LinkedHashMap<>();
        outside.put(ATTACK, relative);
        return new Drift(
                ATTACK,
                relative,
                List.of(
                        new Block(ATTACK, 0, relative, Map.of(LayerKind.TO_Q, relative)),
                        new Block("transformer_blocks", 7, 0, Map.of())),
                outside);
    }

    private static WatchReport report(WatchedCheckpoint... checkpoints) {
        return new WatchReport(
                "/runs/" + ATTACK,
                ATTACK,
                42,
                false,
                List.of(ATTACK),
                Collections.emptySortedMap(),
                List.of(checkpoints));
    }

    private static String page() {
        return report(
                        checkpoint("checkpoint-1", 1, State.DONE, drift(0.001), 1),
                        checkpoint("checkpoint-2", 2, State.DONE, drift(Double.NaN), 3),
                        checkpoint(ATTACK.replace("/", ""), 3, State.FAILED, drift(0.25), 0))
                .page();
    }

    @Test
    void namesAndPromptsCannotBecomeMarkup() {
        String page = page();
        String body = page.substring(page.indexOf("<body>"));

        assertThat(body)
                .doesNotContain("<script", "<img", "\u202e")
                .contains("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&amp;");
        assertThat(Pattern.compile("=\"[^\"]*[<>'][^\"]*\"").matcher(body).find())
                .isFalse();
        assertThat(page.split("<script>", -1)).hasSize(2);
    }

    /// Nothing is run but the page's own script, and nothing is loaded but videos beside it.
    @Test
    void thePolicyNamesItsScript() throws Exception {
        String page = page();
        Matcher script =
                Pattern.compile("<script>(.*)</script>", Pattern.DOTALL).matcher(page);
        assertThat(script.find()).isTrue();
        byte[] hash =
                MessageDigest.getInstance("SHA-256").digest(script.group(1).getBytes(StandardCharsets.UTF_8));
        String policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; media-src"
                + " 'self' file:; script-src 'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";

        assertThat(page).contains("content=\"" + policy.replace("'", "&#39;") + "\"");
        assertThat(page)
                .doesNotContainIgnoringCase("http:")
                .doesNotContainIgnoringCase("https:")
                .doesNotContainIgnoringCase("url(")
                .doesNotContainIgnoringCase("@import");
        assertThat(page.replaceAll("\"[^\"]*\"", ""))
                .doesNotContainPattern("<[a-z]+[^>]* src=")
                .doesNotContainPattern("<[a-z]+[^>]* on[a-z]+=");
    }

    @ParameterizedTest
    @CsvSource({
        "videos/checkpoint-1/1.mp4, videos/checkpoint-1/1.mp4",
        "videos/epoch=0-step=2.ckpt/1.mp4, videos/epoch%3D0-step%3D2.ckpt/1.mp4",
        "videos/a b#?%+é/1.mp4, videos/a%20b%23%3F%25%2B%C3%A9/1.mp4",
        "javascript:alert(1)/1.mp4, javascript%3Aalert%281%29/1.mp4",
    })
    void namesAreNamesInAddresses(String path, String address) {
        assertThat(WatchGrid.url(path)).isEqualTo(address);
    }

    @Test
    void everythingIsSaidInBothLanguages() {
        String page = page();

        assertThat(page)
                .contains("<span lang=\"en\">Alarms</span>", "<span lang=\"zh\">警报</span>")
                .contains("<span lang=\"zh\">训练任务 ")
                .contains("<span lang=\"zh\">警x&quot;")
                .contains("<span lang=\"zh\">坏x&quot;")
                .doesNotContain("inference.watch", "inference.score", "inference.measure", "checkpoints.layer");
        int chinese = page.split("<span lang=\"zh\">", -1).length;
        assertThat(page.split("<span lang=\"en\">", -1)).hasSize(chinese);
    }

    @Test
    void everyCellOfTheHeatMapSaysItsValue() {
        assertThat(page())
                .containsPattern("<td class=\"cell heat[^>]*><span>0\\.100%</span>")
                .containsPattern("<td class=\"cell odd\"[^>]*><span>NaN</span>")
                .containsPattern("<td class=\"cell same\"[^>]*><span>0%</span>");
    }

    /// The first has the best score, a broken video and an alarm; the second is the best of the sound ones.
    @Test
    void thePreferredCheckpointStandsOut() {
        assertThat(page())
                .containsPattern("<tr id=\"checkpoint-row-1\">(?s:.)*?★ best: edge width")
                .contains("★ 3");
    }

    @Test
    void anEmptyRunHasAPage() {
        assertThat(report().page()).contains("No checkpoint yet.").endsWith("</html>\n");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "0.123456, 0.1235",
        "1234.5678, 1235",
        "0.00001, 1.00e-05",
        "2000000, 2.00e+06",
        "NaN, NaN"
    })
    void numbersHaveFourDigits(double value, String text) {
        assertThat(WatchPage.number(value)).isEqualTo(text);
    }
}
