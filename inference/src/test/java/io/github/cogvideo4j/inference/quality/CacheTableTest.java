package io.github.cogvideo4j.inference.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Measuring step caches, and what is kept of it.
class CacheTableTest {
    private static final Path MODEL = Resources.golden("pipelines/t2v-5b");
    private static final PipelineOptions OPTIONS =
            PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.FP32, "cpu", 1));

    @TempDir
    private Path folder;

    private static CacheTable table(CacheSubject subject) {
        return new CacheTable(
                subject,
                List.of(
                        new CacheTable.Row(CacheChoice.of("pab"), 1.5, 0.75, 36.5, 0.98),
                        new CacheTable.Row(CacheChoice.of("tea:rel_l1_thresh=0.3"), 2.5, 0.4, 28, 0.9),
                        new CacheTable.Row(
                                CacheChoice.of("first-block:threshold=0"), 1, 1, Double.POSITIVE_INFINITY, 1)));
    }

    @Test
    void whatWasWrittenIsRead() throws IOException {
        CacheSubject subject = CacheSubject.of(MODEL, OPTIONS, 10);
        table(subject).write(folder);
        assertThat(CacheTable.read(folder, subject)).contains(table(subject));
        assertThat(CacheTable.read(folder, CacheSubject.of(MODEL, OPTIONS, 11))).isEmpty();
        assertThat(CacheTable.read(folder, CacheSubject.of(Resources.golden("pipelines/t2v-2b"), OPTIONS, 10)))
                .isEmpty();
    }

    @Test
    void theFastestThatIsAlikeEnoughIsChosen() throws IOException {
        CacheTable table = table(CacheSubject.of(MODEL, OPTIONS, 10));
        assertThat(table.fastest(20)).contains(CacheChoice.of("tea:rel_l1_thresh=0.3"));
        assertThat(table.fastest(35)).contains(CacheChoice.of("pab"));
        assertThat(table.fastest(50)).contains(CacheChoice.of("first-block:threshold=0"));
        assertThat(new CacheTable(table.subject(), List.of()).fastest(0)).isEmpty();
    }

    @Test
    void aDamagedTableIsRefusedByItsField() throws IOException {
        CacheSubject subject = CacheSubject.of(MODEL, OPTIONS, 10);
        Path file = table(subject).write(folder);
        Files.writeString(file, "{\"format\": 1, \"rows\": [{\"cache\": \"pab\", \"speed_up\": \"fast\"}]}");
        assertThatThrownBy(() -> CacheTable.read(folder, subject))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.problem().message().text()).contains("rows.speed_up"));
    }

    /// One exact run and one with each cache for each prompt; a cache that skips nothing makes equal videos.
    @Test
    void everySettingIsRunWithEveryPrompt() throws IOException {
        List<String> runs = new ArrayList<>();
        List<CacheChoice> caches =
                List.of(CacheChoice.of("first-block:threshold=0"), CacheChoice.of("mag:calibrate,threshold=9"));
        List<CacheTable.Row> rows;
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(MODEL, OPTIONS)) {
            CacheBenchmark benchmark = new CacheBenchmark(pipeline, caches, (number, count, cache) -> {
                runs.add(number + "/" + count + " "
                        + cache.map(CacheChoice::name).orElse("exact"));
                return JobControl.none();
            });
            rows = benchmark.run(List.of(
                    () -> PipelineRequest.builder()
                            .prompt("a")
                            .height(32)
                            .width(48)
                            .numFrames(9)
                            .steps(5),
                    () -> PipelineRequest.builder()
                            .prompt("b")
                            .height(32)
                            .width(48)
                            .numFrames(9)
                            .steps(5)));
        }
        assertThat(runs)
                .containsExactly("1/6 exact", "2/6 first-block", "3/6 mag", "4/6 exact", "5/6 first-block", "6/6 mag");
        assertThat(rows.getFirst().psnr()).isInfinite();
        assertThat(rows.getFirst().share()).isEqualTo(1);
        assertThat(rows.getLast().cache().settings()).containsKey("mag_ratios").doesNotContainKey("calibrate");
        assertThat(rows.getLast().share()).isLessThan(1);
    }
}
