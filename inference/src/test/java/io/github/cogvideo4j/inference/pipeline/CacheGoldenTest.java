package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/// Runs with step caches against those of diffusers, TeaCache and ComfyUI's wrapper: what was computed at every
/// step and block exactly, the latents after every step within tolerance.
class CacheGoldenTest {
    /// How far another order of summation moves latents in fp32 (golden/README.md).
    private static final double LATENTS = 1.8e-5;

    /// Notes in the reference's settings that are no settings.
    private static final List<String> NOTES = List.of("coefficients_of", "rule");

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> runs() {
        return Golden.names("cache", "");
    }

    @ParameterizedTest
    @MethodSource("runs")
    void runIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                GoldenRun run = new GoldenRun(
                        golden,
                        Resources.golden(
                                "pipelines/" + golden.meta().path("pipeline").stringValue()),
                        GoldenRun.options(golden.meta()),
                        Optional.of(choice(golden.meta())))) {
            golden.assertEqual(
                    "timesteps",
                    torch.tensor(run.timesteps().stream()
                            .mapToLong(Double::longValue)
                            .toArray()));
            Tensor rows = golden.out("attention_rows");
            golden.assertEqual("attention_rows", attentionRows(run, rows.size(0), rows.size(1)));
            golden.assertClose("step_latents", run.stepLatents(), LATENTS);
            CacheUse use = run.result().cache().orElseThrow();
            assertThat(use.attentions()).isEqualTo(rows.sum().item_long());
            assertThat(use.evaluations()).isEqualTo(2 * rows.numel());
        }
    }

    /// The cache's name by the file's, its settings by the reference's.
    static CacheChoice choice(JsonNode meta) {
        String reference = meta.path("cache").stringValue();
        String name = reference.startsWith("FasterCache") || reference.equals("fastercache")
                ? "faster"
                : reference.startsWith("TeaCache") || reference.equals("teacache")
                        ? "tea"
                        : reference.startsWith("taylor")
                                ? "taylor"
                                : reference.equals("fbc")
                                        ? "first-block"
                                        : reference.equals("magcache") ? "mag" : "pab";
        Map<String, String> settings = new LinkedHashMap<>();
        meta.path("cache_config").properties().forEach(entry -> {
            if (!NOTES.contains(entry.getKey())) {
                settings.put(
                        entry.getKey(), text(entry.getValue(), entry.getKey().endsWith("range") ? ".." : "/"));
            }
        });
        if (reference.startsWith("TeaCache")) {
            settings.put("rules", "wrapper");
        }
        return new CacheChoice(name, settings);
    }

    private static String text(JsonNode value, String separator) {
        return value.isArray()
                ? value.values().stream().map(JsonNode::asString).collect(Collectors.joining(separator))
                : value.asString();
    }

    private static Tensor attentionRows(GoldenRun run, long steps, long blocks) {
        Tensor rows = torch.zeros(new long[] {steps, blocks}, new TensorOptions(ScalarType.Long));
        for (long step = 0; step < steps; step++) {
            for (long block = 0; block < blocks; block++) {
                String stage = "step." + step + ".block." + block + ".attn1.hidden";
                if (run.saw(stage)) {
                    rows.select(0, step)
                            .select(0, block)
                            .fill_(new Scalar(run.first(stage).size(0)));
                }
            }
        }
        return rows;
    }
}
