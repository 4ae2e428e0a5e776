package io.github.cogvideo4j.inference.internal.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Betas, shares of the signal, timesteps and dynamic guidance are the reference's.
public class SchedulerTablesTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> tables() {
        return Golden.names("schedulers", "d").stream()
                .filter(name -> name.endsWith("_tables"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void tablesAreTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            SchedulerConfig config = config(golden.meta().path("config"));
            NoiseTable table = NoiseTable.shifted(config);
            if (golden.hasOutput("betas")) {
                golden.assertEqual("betas", tensor(table.betas(), golden.out("betas")));
            }
            golden.assertEqual("final_alpha_cumprod", table.end(config).reshape(1));
            if (config.rescaleBetasZeroSnr()) {
                // The reference's square roots are MKL's, which differ in their last bit from one processor
                // to another: the reference does not meet its own table to the bit elsewhere. The sidecar
                // bounds that.
                golden.assertClose("alphas_cumprod", tensor(table.alphas(), golden.out("alphas_cumprod")), 0);
            } else {
                golden.assertEqual("alphas_cumprod", tensor(table.alphas(), golden.out("alphas_cumprod")));
            }
            for (String output : golden.outputs()) {
                if (output.startsWith("timesteps_")) {
                    int steps = Integer.parseInt(output.substring("timesteps_".length()));
                    golden.assertEqual(output, torch.tensor(Timesteps.descending(config, steps)));
                }
            }
        }
    }

    @Test
    void timestepsOfEveryCountAreTheReferences() throws IOException {
        try (Golden golden = Golden.open("schedulers/timesteps_n1_120");
                PointerScope _ = new PointerScope()) {
            for (TimestepSpacing spacing : TimestepSpacing.values()) {
                int[][] ours = new int[120][];
                for (int steps = 1; steps <= 120; steps++) {
                    ours[steps - 1] = Arrays.stream(Timesteps.descending(spacing, 1000, steps, 0))
                            .mapToInt(Math::toIntExact)
                            .toArray();
                }
                golden.assertEqual(
                        spacing.id() + ".lengths",
                        torch.tensor(
                                Arrays.stream(ours).mapToInt(row -> row.length).toArray()));
                golden.assertEqual(
                        spacing.id() + ".values",
                        torch.tensor(
                                Arrays.stream(ours).flatMapToInt(Arrays::stream).toArray()));
            }
        }
    }

    @Test
    void everyCountThatGivesOneMoreIsTheReferences() throws IOException {
        try (Golden golden = Golden.open("schedulers/timesteps_n1_120")) {
            List<List<Long>> expected = golden.meta()
                    .path("length_anomalies")
                    .valueStream()
                    .map(row -> row.valueStream().map(JsonNode::longValue).toList())
                    .toList();
            List<List<Long>> ours = new java.util.ArrayList<>();
            for (int steps = 1; steps < 1000; steps++) {
                long[] timesteps = Timesteps.descending(TimestepSpacing.TRAILING, 1000, steps, 0);
                if (timesteps.length != steps) {
                    ours.add(List.of((long) steps, (long) timesteps.length, timesteps[timesteps.length - 1]));
                }
            }
            assertThat(ours).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 50})
    void dynamicGuidanceIsTheReferences(int steps) throws IOException {
        try (Golden golden = Golden.open("schedulers/dynamic_cfg_" + steps);
                PointerScope _ = new PointerScope()) {
            Tensor timesteps = golden.out("timesteps");
            double[] ours = new double[Math.toIntExact(timesteps.size(0))];
            for (int i = 0; i < ours.length; i++) {
                ours[i] = DynamicGuidance.at(6.0, steps, timesteps.select(0, i).item_long());
            }
            golden.assertEqual("guidance", torch.tensor(ours));
        }
    }

    /// The table of inversion and of the stock samplers goes through square roots in fp32 and then through ratios that
    /// magnify their last
    /// bit. Wherever the reference's betas lie, moving those roots by no more than their last bit leads there.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "schedulers/ddim_inverse_snr1_traj10_fp32",
                "schedulers/ddim_inverse_snr3_traj50_fp32",
                "samplers/ddim_tables",
                "samplers/lcm_tables"
            })
    void inversionsTableIsTheReferencesUpToTheLastBitOfItsSquareRoots(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            SchedulerConfig config =
                    config(golden.meta().path(name.startsWith("samplers/") ? "from_config" : "config_passed"));
            float[] ours = floats(NoiseTable.unshifted(config).betas());
            float[] theirs = floats(values(golden.out("betas")));
            float[] roots = roots(config);
            for (int t = 0; t < ours.length; t++) {
                float moves = movesByLastBits(roots, t);
                assertThat(Math.abs(ours[t] - theirs[t])).as("beta " + t).isLessThanOrEqualTo(moves);
            }
            // From the reference's betas on there is no root, and every bit is the reference's.
            Tensor alphas = torch.cumprod(NoiseTable.oneMinus(golden.out("betas")), 0);
            golden.assertEqual("alphas_cumprod", alphas);
        }
    }

    /// How far beta `t` can move when each of the four roots that it is made of moves by one unit in the last
    /// place.
    private static float movesByLastBits(float[] roots, int t) {
        int last = roots.length - 1;
        float exact = beta(roots[t], roots[Math.max(0, t - 1)], roots[0], roots[last], t);
        float farthest = 0;
        for (int moved = 0; moved < 81; moved++) {
            float here = nudge(roots[t], moved % 3);
            float before = nudge(roots[Math.max(0, t - 1)], moved / 3 % 3);
            float first = nudge(roots[0], moved / 9 % 3);
            float end = nudge(roots[last], moved / 27);
            farthest = Math.max(farthest, Math.abs(beta(here, before, first, end, t) - exact));
        }
        return farthest;
    }

    private static float beta(float here, float before, float first, float end, int t) {
        float scale = first / (first - end);
        float share = (here - end) * scale;
        float shareBefore = (before - end) * scale;
        return t == 0 ? 1 - share * share : 1 - share * share / (shareBefore * shareBefore);
    }

    private static float nudge(float value, int which) {
        return which == 0 ? value : which == 1 ? Math.nextUp(value) : Math.nextDown(value);
    }

    private static float[] roots(SchedulerConfig config) {
        Tensor betas = config.betaSchedule().betas(config, ScalarType.Float);
        return floats(values(torch.cumprod(NoiseTable.oneMinus(betas), 0).sqrt()));
    }

    static SchedulerConfig config(JsonNode json) {
        return SchedulerConfig.of(document(json), ConfigDefaults.COGVIDEOX);
    }

    /// A configuration out of a sidecar.
    public static ConfigDocument document(JsonNode json) {
        ConfigDocument document = ConfigDocument.empty();
        for (var field : json.properties()) {
            JsonNode value = field.getValue();
            document = switch (value.getNodeType()) {
                case STRING -> document.with(field.getKey(), value.stringValue());
                case BOOLEAN -> document.with(field.getKey(), value.booleanValue());
                case NULL -> document;
                default ->
                    value.isIntegralNumber()
                            ? document.with(field.getKey(), value.longValue())
                            : document.with(field.getKey(), value.doubleValue());
            };
        }
        return document;
    }

    private static Tensor tensor(double[] values, Tensor like) {
        return torch.tensor(values).to(like.scalar_type().intern());
    }

    private static double[] values(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.select(0, i).item_double();
        }
        return values;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
