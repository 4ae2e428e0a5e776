package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Positions of the video's tokens as sines and cosines that are added to them: a quarter of the channels for
/// time, three eighths for the column, three eighths for the row. The text's rows get nothing.
///
/// The values are computed in fp64 and cast once. Only the three axes are kept: the table of all tokens would
/// be hundreds of megabytes.
///
/// Source of the formulas: `get_3d_sincos_pos_embed` of diffusers.
///
/// @param time    `fp64 [frames, width / 4]`
/// @param columns `fp64 [columns, 3 width / 8]`
/// @param rows    `fp64 [rows, 3 width / 8]`
record SincosPositions(Tensor time, Tensor columns, Tensor rows) {
    private static final double THETA = 10_000;

    /// @param frames  latent frames
    /// @param rows    rows of patches
    /// @param columns columns of patches
    static SincosPositions of(TransformerConfig config, long frames, long rows, long columns) {
        if (config.innerDim() % 16 != 0) {
            throw new InvalidModelException(
                    ProblemCode.CONFIG_INVALID,
                    config.document().place(),
                    "inference.transformer.position-width",
                    "num_attention_heads * attention_head_dim",
                    config.innerDim(),
                    16);
        }
        return of(
                config.innerDim(),
                frames,
                rows,
                columns,
                config.spatialInterpolationScale(),
                config.temporalInterpolationScale());
    }

    static SincosPositions of(
            int width, long frames, long rows, long columns, double spatialScale, double temporalScale) {
        int spatial = width / 8 * 3;
        return new SincosPositions(
                axis(width / 4, frames, temporalScale),
                axis(spatial, columns, spatialScale),
                axis(spatial, rows, spatialScale));
    }

    /// `[count, width]`: sines, then cosines. Positions are divided by their scale in fp32.
    private static Tensor axis(int width, long count, double scale) {
        return axis(width, torch.arange(new Scalar((double) count), new TensorOptions(ScalarType.Float)), scale);
    }

    private static Tensor axis(int width, Tensor counted, double scale) {
        int half = width / 2;
        Tensor exponents = torch.arange(new Scalar((double) half), new TensorOptions(ScalarType.Double))
                .div(new Scalar(width / 2.0));
        Tensor frequencies = torch.pow(new Scalar(THETA), exponents).reciprocal();
        Tensor places = counted.div(new Scalar(scale));
        Tensor angles = torch.outer(places.to(ScalarType.Double), frequencies);
        return torch.cat(new TensorVector(angles.sin(), angles.cos()), 1);
    }

    /// Positions of another size, between those of this one: CogVideoX-Fun stretches the table that it was trained with
    /// where diffusers counts on. Each axis is interpolated by itself, which is what interpolating the table of all
    /// tokens comes to.
    SincosPositions stretched(long newRows, long newColumns) {
        return new SincosPositions(time, stretched(columns, newColumns), stretched(rows, newRows));
    }

    private static Tensor stretched(Tensor axis, long count) {
        return torch.upsample_linear1d(axis.t().unsqueeze(0), new long[] {count}, false, new DoubleOptional())
                .squeeze(0)
                .t();
    }

    /// The same for frames that lie elsewhere in time.
    ///
    /// @param places the place of each latent frame, counted from 0
    SincosPositions at(TransformerConfig config, List<Integer> places) {
        Tensor given =
                torch.tensor(places.stream().mapToDouble(Integer::doubleValue).toArray());
        return new SincosPositions(
                axis(config.innerDim() / 4, given.to(ScalarType.Float), config.temporalInterpolationScale()),
                columns,
                rows);
    }

    /// Adds the positions in place.
    ///
    /// @param video `[batch, video tokens, width]`, a view with the tokens in the order frame, row, column
    void addTo(Tensor video) {
        Tensor grid = video.unflatten(1, time.size(0), rows.size(0), columns.size(0));
        add(grid, 0, time.unsqueeze(1).unsqueeze(1));
        add(grid, time.size(1), columns);
        add(grid, time.size(1) + columns.size(1), rows.unsqueeze(1));
    }

    private static void add(Tensor grid, long firstChannel, Tensor axis) {
        Tensor channels = grid.narrow(4, firstChannel, axis.size(-1));
        channels.add_(axis.to(channels.device(), channels.scalar_type()));
    }
}
