package io.github.cogvideo4j.inference.internal.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.options.WindowOptions.Blend;
import io.github.cogvideo4j.inference.options.WindowOptions.Schedule;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// The window lists against those of ComfyUI's CogVideoX wrapper, and what holds for all of them.
class WindowListsTest {
    /// What the reference's function is called with, and what it gave.
    private record Case(int frames, int size, int stride, int overlap, int step, List<List<Integer>> windows) {
        static Case of(JsonNode node) {
            List<List<Integer>> windows = new ArrayList<>();
            node.path("windows")
                    .forEach(window -> windows.add(
                            window.valueStream().map(JsonNode::intValue).toList()));
            return new Case(
                    node.path("latent_frames").intValue(),
                    node.path("context_size").intValue(),
                    node.path("stride").intValue(),
                    node.path("overlap").intValue(),
                    node.path("step").intValue(),
                    windows);
        }

        List<List<Integer>> ours(String schedule) {
            return switch (schedule) {
                case "static_standard" -> WindowLists.fixed(frames, size, overlap);
                case "uniform_standard" -> WindowLists.uniform(step, frames, size, stride, overlap);
                case "uniform_looped" -> WindowLists.looped(step, frames, size, stride, overlap);
                default -> throw new IllegalArgumentException(schedule);
            };
        }
    }

    private static JsonNode golden() throws IOException {
        return JsonFile.readObject(Resources.golden("long/windows.json"), 8 << 20, ProblemCode.CONFIG_INVALID);
    }

    private static List<Case> cases(String schedule) throws IOException {
        List<Case> cases = new ArrayList<>();
        golden().path("cases").path(schedule).forEach(node -> cases.add(Case.of(node)));
        assertThat(cases).hasSizeGreaterThan(10);
        return cases;
    }

    /// Where a list of the reference has an index that no frame has, the reference stops with an error; ours
    /// has that window moved back to end with the video, and all others as they are.
    @ParameterizedTest
    @CsvSource({"static_standard", "uniform_standard", "uniform_looped"})
    void listsAreTheReferences(String schedule) throws IOException {
        for (Case one : cases(schedule)) {
            UnaryOperator<List<Integer>> mended = window -> {
                int beyond = Math.max(
                        0, window.stream().mapToInt(frame -> frame).max().orElseThrow() - one.frames + 1);
                return window.stream().map(frame -> frame - beyond).toList();
            };
            assertThat(one.ours(schedule))
                    .as("%s %s", schedule, one)
                    .isEqualTo(one.windows.stream().map(mended).distinct().toList());
        }
    }

    @Test
    void stepsBeginAtTheReferencesFractions() throws IOException {
        JsonNode fractions = golden().path("cases").path("ordered_halving");
        assertThat(fractions.size()).isGreaterThan(8);
        fractions
                .properties()
                .forEach(entry -> assertThat(WindowLists.fraction(Integer.parseInt(entry.getKey())))
                        .isEqualTo(entry.getValue().doubleValue()));
    }

    /// Over an overlap of `o` frames the later window's share is 1, 2, ... of `o + 1` parts.
    @Property(tries = 200)
    void fadingWindowsGiveWayEvenly(Generator generator) {
        int size = generator.integer(2, 40);
        int overlap = generator.integer(0, size / 2);
        WindowOptions fading = WindowOptions.of(Schedule.STATIC).withBlend(Blend.FADE);
        float[] weights = new WindowLayout(fading, 2 * size - overlap, size, 1, overlap).weights(size);
        for (int i = 0; i < overlap; i++) {
            float earlier = weights[size - overlap + i];
            float later = weights[i];
            assertThat(later / (earlier + later)).isEqualTo((i + 1f) / (overlap + 1));
        }
    }

    /// Whatever the sizes: no index that no frame has, no frame in no window, no window that comes twice, and
    /// no window of another length, which patches in time could not be made of.
    @Property(tries = 2000)
    void everyFrameIsInAWindowAndNoOther(Generator generator) {
        int frames = generator.integer(1, 80);
        int size = generator.integer(1, 30);
        int overlap = generator.integer(0, size - 1);
        int stride = generator.integer(1, 9);
        int step = generator.integer(0, 60);
        List<List<List<Integer>>> all = List.of(
                WindowLists.fixed(frames, size, overlap),
                WindowLists.uniform(step, frames, size, stride, overlap),
                WindowLists.looped(step, frames, size, stride, overlap));
        for (List<List<Integer>> windows : all) {
            Set<Integer> covered = new HashSet<>();
            for (List<Integer> window : windows) {
                assertThat(window).hasSize(Math.min(size, frames)).allMatch(frame -> frame >= 0 && frame < frames);
                covered.addAll(window);
            }
            assertThat(covered)
                    .as("%s %s %s %s %s", frames, size, stride, overlap, step)
                    .hasSize(frames);
        }
        assertThat(all.get(0)).doesNotHaveDuplicates();
        assertThat(all.get(1)).doesNotHaveDuplicates();
        if (frames <= size) {
            assertThat(all)
                    .allMatch(windows -> windows.equals(
                            List.of(IntStream.range(0, frames).boxed().toList())));
        }
    }
}
