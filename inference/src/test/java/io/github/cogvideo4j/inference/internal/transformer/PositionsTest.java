package io.github.cogvideo4j.inference.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Position tables. Sines and cosines of the reference are MKL's, which are up to 0.6 units in the last place
/// from the true value; ours are the nearest. So a rotary table may differ by one unit, and a table of sines
/// and cosines in fp64 as its sidecar says. What is cast from that to fp32 or bf16 is equal to the bit.
class PositionsTest {
    private static final double LAST_PLACE = 0x1p-24; // below 1

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> rotaryTables() {
        return Golden.names("rotary", "");
    }

    @ParameterizedTest
    @MethodSource("rotaryTables")
    void rotaryTablesAreTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            RotaryPositions tables = rotary(golden.meta());
            if (golden.hasOutput("row_index")) {
                Tensor rows = golden.out("row_index");
                golden.assertClose("cos_rows", tables.cos().index_select(0, rows), 0);
                golden.assertClose("sin_rows", tables.sin().index_select(0, rows), 0);
            } else {
                golden.assertClose("cos", tables.cos(), 0);
                golden.assertClose("sin", tables.sin(), 0);
            }
        }
    }

    private static RotaryPositions rotary(JsonNode call) {
        int channels = call.path("attention_head_dim").intValue();
        int frames = call.path("temporal_size").intValue();
        RotaryPositions.Grid grid = grid(call.path("grid_size"), 0, 1);
        if (call.path("grid_type").stringValue().equals("slice")) {
            return RotaryPositions.slice(channels, grid, frames);
        }
        RotaryPositions.Crop crop = RotaryPositions.Crop.of(grid, grid(call.path("base_size_w_h"), 1, 0));
        JsonNode expected = call.path("crops_coords");
        assertThat(List.of(crop.top(), crop.left(), crop.bottom(), crop.right()))
                .containsExactly(
                        expected.path(0).path(0).longValue(),
                        expected.path(0).path(1).longValue(),
                        expected.path(1).path(0).longValue(),
                        expected.path(1).path(1).longValue());
        return RotaryPositions.linspace(channels, crop, grid, frames);
    }

    private static RotaryPositions.Grid grid(JsonNode sizes, int rows, int columns) {
        return new RotaryPositions.Grid(
                sizes.path(rows).longValue(), sizes.path(columns).longValue());
    }

    static List<String> rotaryForwards() {
        return Golden.names("transformer", "").stream()
                .filter(name -> name.endsWith("fp32") && !name.contains("t2v-2b"))
                .toList();
    }

    /// The tables that the reference's pipelines passed to the transformer are those that it makes itself.
    @ParameterizedTest
    @MethodSource("rotaryForwards")
    void theTransformersOwnTablesAreThePipelines(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            TransformerConfig config = config(golden.meta().path("pipeline").stringValue());
            JsonNode latent = golden.meta().path("latent");
            RotaryPositions tables = RotaryPositions.forLatents(
                    config,
                    latent.path(1).longValue(),
                    latent.path(3).longValue(),
                    latent.path(4).longValue());
            assertThat(farthest(tables.cos(), golden.in("rotary_cos"))).isLessThanOrEqualTo(LAST_PLACE);
            assertThat(farthest(tables.sin(), golden.in("rotary_sin"))).isLessThanOrEqualTo(LAST_PLACE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"d1920_real_slice", "d32_15_10x6", "d48_odd"})
    void sincosTablesAreTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open("sincos/" + name);
                PointerScope _ = new PointerScope()) {
            JsonNode call = golden.meta();
            int width = call.path("embed_dim").intValue();
            long columns = call.path("spatial_size_w_h").path(0).longValue();
            long rows = call.path("spatial_size_w_h").path(1).longValue();
            long frames = call.path("temporal_size").longValue();
            SincosPositions positions = SincosPositions.of(
                    width,
                    frames,
                    rows,
                    columns,
                    call.path("spatial_interpolation_scale").doubleValue(),
                    call.path("temporal_interpolation_scale").doubleValue());
            for (String type : List.of("f64", "f32", "bf16")) {
                Tensor table = table(positions, width, frames * rows * columns, type(type));
                boolean sampled = golden.hasOutput("row_index");
                Tensor shown = sampled
                        ? table.index_select(0, golden.out("row_index"))
                        : table.view(frames, rows * columns, width);
                String output = (sampled ? "rows_" : "pos_") + type;
                if (type.equals("f64")) {
                    golden.assertClose(output, shown, 0);
                } else {
                    golden.assertEqual(output, shown);
                }
            }
        }
    }

    /// Text rows of zeros, then the video's.
    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "i2v-5b"})
    void joinedSincosTablesAreTheReferences(String pipeline) throws IOException {
        try (Golden golden = Golden.open("sincos/joint_" + pipeline);
                PointerScope _ = new PointerScope()) {
            TransformerConfig config = config(pipeline);
            golden.assertClose("recomputed_f9", joined(config, 3, 3, 5), 0);
            if (pipeline.equals("t2v-2b")) {
                golden.assertClose("stored", joined(config, 13, 3, 5), 0);
                golden.assertClose("recomputed_8x4_f5", joined(config, 2, 4, 2), 0);
            }
        }
    }

    private static double farthest(Tensor actual, Tensor expected) {
        return actual.sub(expected).abs().max().item_double();
    }

    private static Tensor joined(TransformerConfig config, long frames, long rows, long columns) {
        long shown = 220;
        long text = config.maxTextSeqLength() - shown;
        Tensor all = zeros(text + frames * rows * columns, config.innerDim(), ScalarType.Double);
        SincosPositions.of(config, frames, rows, columns).addTo(new JointTokens(all, text).video());
        return all;
    }

    private static Tensor table(SincosPositions positions, int width, long tokens, ScalarType type) {
        Tensor table = zeros(tokens, width, type);
        positions.addTo(table);
        return table.squeeze(0);
    }

    private static Tensor zeros(long tokens, long width, ScalarType type) {
        return torch.zeros(new long[] {1, tokens, width}, new TensorOptions(type));
    }

    private static ScalarType type(String name) {
        return switch (name) {
            case "f64" -> ScalarType.Double;
            case "f32" -> ScalarType.Float;
            default -> ScalarType.BFloat16;
        };
    }

    private static TransformerConfig config(String pipeline) throws IOException {
        return TransformerConfig.read(Resources.golden("pipelines/" + pipeline + "/transformer/config.json"));
    }

    /// VideoX-Fun interpolates the table of all tokens; each axis by itself gives the same.
    @Test
    void stretchedSincosPositionsAreTheStretchedTable() {
        try (PointerScope _ = new PointerScope()) {
            SincosPositions trained = SincosPositions.of(32, 3, 3, 5, 1.875, 1);
            Tensor table = torch.zeros(1, 3 * 3 * 5, 32);
            trained.addTo(table);
            Tensor whole = torch.upsample_trilinear3d(
                            table.unflatten(1, 3, 3, 5).permute(0, 4, 1, 2, 3), new long[] {3, 4, 7}, false)
                    .flatten(2, 4)
                    .transpose(1, 2);
            Tensor ours = torch.zeros(1, 3 * 4 * 7, 32);
            trained.stretched(4, 7).addTo(ours);
            assertThat(ours.sub(whole).abs().max().item_double()).isLessThan(5e-7);
            Tensor same = torch.zeros(1, 3 * 3 * 5, 32);
            trained.stretched(3, 5).addTo(same);
            assertThat(torch.equal(same, table)).isTrue();
        }
    }

    /// Where a region does not begin at 0, VideoX-Fun's steps are those of numpy's `linspace` without its end.
    @Test
    void evenPositionsGoFromTheCropsBeginningInEqualSteps() {
        try (PointerScope _ = new PointerScope()) {
            RotaryPositions.Crop crop = new RotaryPositions.Crop(4, 0, 26, 45);
            RotaryPositions.Grid grid = new RotaryPositions.Grid(11, 45);
            Tensor fun =
                    RotaryPositions.evenly(64, crop, grid, torch.tensor(0f, 1f)).cos();
            Tensor diffusers = RotaryPositions.linspace(64, crop, grid, 2).cos();
            // the fastest angle of the rows: 4, 6, 8, ... 24, where diffusers goes from 4 to 26 * 10 / 11
            for (int row = 0; row < 11; row++) {
                assertThat(fun.select(0, row * 45L).select(0, 16).item_double())
                        .isEqualTo((float) StrictMath.cos(4 + 2 * row));
            }
            assertThat(fun.sub(diffusers).abs().max().item_double()).isGreaterThan(0.1);
            RotaryPositions.Crop whole = new RotaryPositions.Crop(0, 0, 11, 45);
            Tensor same = RotaryPositions.evenly(64, whole, grid, torch.tensor(0f, 1f))
                    .cos()
                    .sub(RotaryPositions.linspace(64, whole, grid, 2).cos());
            assertThat(same.abs().max().item_double()).isLessThan(1e-5);
        }
    }
}
