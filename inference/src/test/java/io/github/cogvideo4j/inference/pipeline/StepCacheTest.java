package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What holds for step caches whatever the numbers, and what is refused.
class StepCacheTest {
    private static final PipelineOptions OPTIONS =
            PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.FP32, "cpu", 1));

    private static PipelineRequestBuilder small() {
        return PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(9)
                .steps(5);
    }

    private static TextToVideoPipeline pipeline() throws IOException {
        return TextToVideoPipeline.load(Resources.golden("pipelines/t2v-5b"), OPTIONS);
    }

    @Test
    void cachesThatSkipNothingChangeNothing() throws IOException {
        List<String> idle = List.of(
                "first-block:threshold=0",
                "pab:spatial_attention_block_skip_range=1",
                "faster:unconditional_batch_skip_range=1",
                "taylor:cache_interval=1",
                "taylor:cache_interval=1,use_lite_mode",
                "mag:threshold=0,mag_ratios=1/1/1/1/1",
                "mag:calibrate",
                "tea:rel_l1_thresh=0",
                "tea:rel-l1-thresh=0,rules=wrapper");
        try (TextToVideoPipeline pipeline = pipeline();
                PipelineResult exact = pipeline.generateAll(small().build(), JobControl.none())) {
            for (String text : idle) {
                PipelineRequest request = small().cache(CacheChoice.of(text)).build();
                try (PipelineResult cached = pipeline.generateAll(request, JobControl.none())) {
                    assertThat(cached.latents()
                                    .values()
                                    .mismatch(exact.latents().values()))
                            .as(text)
                            .isEqualTo(-1);
                    CacheUse use = cached.cache().orElseThrow();
                    assertThat(use.share()).as(text).isEqualTo(1);
                }
            }
            assertThat(exact.cache()).isEmpty();
        }
    }

    @Test
    void theDefaultsLeaveSomethingOut() throws IOException {
        try (TextToVideoPipeline pipeline = pipeline()) {
            for (String text : List.of("pab", "faster", "taylor", "taylor:use_lite_mode", "mag:mag_ratios=1")) {
                PipelineRequest request =
                        small().steps(10).cache(CacheChoice.of(text)).build();
                try (PipelineResult cached = pipeline.generateAll(request, JobControl.none())) {
                    assertThat(cached.cache().orElseThrow().share()).as(text).isLessThan(1);
                }
                assertThat(pipeline.plan(request).cacheBytes().orElseThrow())
                        .as(text)
                        .isPositive();
            }
        }
    }

    @Test
    void eachVideoOfAPromptHasACacheOfItsOwn() throws IOException {
        try (TextToVideoPipeline pipeline = pipeline()) {
            CacheChoice cache = CacheChoice.of("pab");
            PipelineRequest both =
                    small().seed(7).numVideosPerPrompt(2).cache(cache).build();
            PipelineRequest second = small().seed(8).cache(cache).build();
            try (PipelineResult two = pipeline.generateAll(both, JobControl.none());
                    PipelineResult one = pipeline.generateAll(second, JobControl.none())) {
                long bytes = one.latents().values().byteSize();
                assertThat(two.latents()
                                .values()
                                .asSlice(bytes)
                                .mismatch(one.latents().values()))
                        .isEqualTo(-1);
                assertThat(two.cache().orElseThrow().attentions())
                        .isEqualTo(2 * one.cache().orElseThrow().attentions());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "t2v-5b", "i2v-5b"})
    void calibrationMeasuresTheReferencesRatios(String model) throws IOException {
        try (Golden golden = Golden.open("cache/" + model + "_magcache_fp32");
                PointerScope _ = new PointerScope();
                GoldenRun run = new GoldenRun(
                        golden,
                        Resources.golden("pipelines/" + model),
                        GoldenRun.options(golden.meta()),
                        Optional.of(CacheChoice.of("mag:calibrate")))) {
            String[] measured = run.result()
                    .cache()
                    .orElseThrow()
                    .measured()
                    .get("mag_ratios")
                    .split("/");
            JsonNode expected = golden.meta().path("cache_config").path("mag_ratios");
            assertThat(measured).hasSize(expected.size());
            for (int i = 0; i < measured.length; i++) {
                // the sidecar has six digits
                assertThat(Double.parseDouble(measured[i]))
                        .isCloseTo(expected.get(i).doubleValue(), within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        fastest                       | fastest
        pab:threshold=1               | threshold
        first-block:threshold=much    | much
        first-block:threshold=-1      | -1
        first-block:threshold=NaN     | NaN
        pab:spatial_attention_timestep_skip_range=800..100 | 800..100
        pab:spatial_attention_timestep_skip_range=5 | 5
        pab:spatial_attention_block_skip_range=0 | 0
        taylor:cache_identifiers=.*   | .*
        taylor:max_order=1.5          | 1.5
        mag                           | calibrate
        mag:calibrate,mag_ratios=1    | calibrate
        mag:mag_ratios=1/2,num_inference_steps=7 | 7
        tea:rules=mine                | mine
        faster:start_step=2,attention_weight=1 | attention_weight\
        """)
    void whatMeansNothingIsRefusedByName(String text, String part) throws IOException {
        try (TextToVideoPipeline pipeline = pipeline()) {
            PipelineRequest request = small().cache(CacheChoice.of(text)).build();
            assertThatThrownBy(() -> pipeline.plan(request))
                    .isInstanceOfSatisfying(
                            InvalidRequestException.class,
                            e -> assertThat(e.problem().message().text()).contains(part));
        }
    }

    @Test
    void fasterNeedsGuidance() throws IOException {
        try (TextToVideoPipeline pipeline = pipeline()) {
            PipelineRequest request =
                    small().guidanceScale(1).cache(CacheChoice.of("faster")).build();
            assertThatThrownBy(() -> pipeline.plan(request)).isInstanceOf(InvalidRequestException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pab", "mag:calibrate=true", "tea:coefficients=1/2.5/-3,rel_l1_thresh=0.2"})
    void aChoiceIsWhatItsTextSays(String text) {
        assertThat(CacheChoice.of(text)).hasToString(text);
        assertThat(CacheChoice.of(CacheChoice.of(text).toString())).isEqualTo(CacheChoice.of(text));
    }
}
