package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Rotary positions of the video's tokens in time, height and width: tables for one size of latents. A head's
/// channels are pairs; of a quarter of them the angle grows with time, of three eighths with the row, of the
/// rest with the column.
///
/// Source of the formulas: `get_3d_rotary_pos_embed` of diffusers.
///
/// @param cos     `fp32 [video tokens, channels of a head]`, each value twice
/// @param sin     the same
/// @param factors `cos + i sin` once for each pair, `complex [video tokens, 1, channels / 2]`
public record RotaryPositions(Tensor cos, Tensor sin, Tensor factors) {
    private static final double THETA = 10_000;

    /// Positions from tables of cosines and sines.
    public static RotaryPositions of(Tensor cos, Tensor sin) {
        Tensor factors = torch.view_as_complex(torch.stack(new TensorVector(everySecond(cos), everySecond(sin)), 2));
        return new RotaryPositions(cos, sin, factors.unsqueeze(1));
    }

    /// The positions of latents, as the reference's pipelines make them: scaled and cropped to the size that
    /// the model was trained with, or, with patches in time (CogVideoX1.5), the beginning of the largest
    /// grid.
    ///
    /// @param frames latent frames
    /// @param height height in latent pixels
    /// @param width  width in latent pixels
    /// @throws InvalidRequestException when the latents are larger than that grid
    public static RotaryPositions forLatents(TransformerConfig config, long frames, long height, long width) {
        return forLatents(config, frames, height, width, Optional.empty());
    }

    /// The same for frames that lie elsewhere in time.
    ///
    /// @param places the place of each latent frame, counted from 0; a patch lies where its first frame does
    static RotaryPositions forLatents(
            TransformerConfig config, long frames, long height, long width, Optional<List<Integer>> places) {
        int patch = config.patchSize();
        Grid grid = new Grid(height / patch, width / patch);
        Grid base = new Grid(config.sampleHeight() / patch, config.sampleWidth() / patch);
        int channels = config.attentionHeadDim();
        if (config.patchSizeT().isEmpty()) {
            Crop crop = Crop.of(grid, base);
            Tensor time = places.map(given -> times(given, 1)).orElseGet(() -> spread(0, frames, frames));
            return config.isInpainting() ? evenly(channels, crop, grid, time) : linspace(channels, crop, grid, time);
        }
        if (grid.rows > base.rows || grid.columns > base.columns) {
            throw new InvalidRequestException(
                    ProblemCode.CONFIG_INVALID,
                    config.document().place(),
                    "inference.transformer.beyond-grid",
                    height,
                    width,
                    config.sampleHeight(),
                    config.sampleWidth());
        }
        int depth = config.patchSizeT().getAsInt();
        return slice(
                channels,
                grid,
                places.map(given -> times(given, depth)).orElseGet(() -> counted((frames + depth - 1) / depth)));
    }

    private static Tensor times(List<Integer> places, int depth) {
        return torch.tensor(IntStream.range(0, places.size() / depth)
                        .mapToDouble(patch -> (double) places.get(patch * depth) / depth)
                        .toArray())
                .to(ScalarType.Float);
    }

    /// Rows and columns of patches.
    record Grid(long rows, long columns) {}

    /// The region of the trained grid over which positions are spread.
    ///
    /// Source: `get_resize_crop_region_for_grid` of diffusers; Python rounds half to even.
    record Crop(long top, long left, long bottom, long right) {
        static Crop of(Grid grid, Grid base) {
            boolean taller = (double) grid.rows / grid.columns > (double) base.rows / base.columns;
            long height = taller ? base.rows : (long) Math.rint((double) base.columns / grid.columns * grid.rows);
            long width = taller ? (long) Math.rint((double) base.rows / grid.rows * grid.columns) : base.columns;
            long top = (long) Math.rint((base.rows - height) / 2.0);
            long left = (long) Math.rint((base.columns - width) / 2.0);
            return new Crop(top, left, top + height, left + width);
        }
    }

    /// CogVideoX 1.0: the positions are spread evenly over a region.
    static RotaryPositions linspace(int channels, Crop crop, Grid grid, long frames) {
        return linspace(channels, crop, grid, spread(0, frames, frames));
    }

    private static RotaryPositions linspace(int channels, Crop crop, Grid grid, Tensor times) {
        return Axes.of(
                        channels,
                        times,
                        spread(crop.top, crop.bottom, grid.rows),
                        spread(crop.left, crop.right, grid.columns))
                .tables();
    }

    /// CogVideoX-Fun 1.0: the positions are spread over a region in steps of its length over their number. The same
    /// as [#linspace] where the region begins at 0.
    ///
    /// Source: `get_3d_rotary_pos_embed` of VideoX-Fun, which computes them in fp64 and casts.
    static RotaryPositions evenly(int channels, Crop crop, Grid grid, Tensor times) {
        return Axes.of(
                        channels,
                        times,
                        steps(crop.top, crop.bottom, grid.rows),
                        steps(crop.left, crop.right, grid.columns))
                .tables();
    }

    private static Tensor steps(long start, long stop, long count) {
        return torch.arange(new Scalar((double) count), new TensorOptions(ScalarType.Double))
                .mul(new Scalar((double) (stop - start) / count))
                .add(new Scalar((double) start))
                .to(ScalarType.Float);
    }

    /// CogVideoX 1.5: the positions are counted.
    static RotaryPositions slice(int channels, Grid grid, long frames) {
        return slice(channels, grid, counted(frames));
    }

    private static RotaryPositions slice(int channels, Grid grid, Tensor times) {
        return Axes.of(channels, times, counted(grid.rows), counted(grid.columns))
                .tables();
    }

    private static Tensor spread(long start, long stop, long count) {
        return torch.linspace(
                new Scalar((double) start),
                new Scalar((double) (stop * (count - 1)) / count),
                count,
                new TensorOptions(ScalarType.Float));
    }

    private static Tensor counted(long count) {
        return torch.arange(new Scalar((double) count), new TensorOptions(ScalarType.Float));
    }

    /// The angles of the three axes, each `[positions, pairs]`.
    private record Axes(Tensor time, Tensor rows, Tensor columns) {
        static Axes of(int channels, Tensor time, Tensor rows, Tensor columns) {
            if (channels % 16 != 0) {
                throw new InvalidModelException(
                        ProblemCode.CONFIG_INVALID,
                        Place.nowhere(),
                        "inference.transformer.position-width",
                        "attention_head_dim",
                        channels,
                        16);
            }
            int quarter = channels / 4;
            int rest = channels / 8 * 3;
            return new Axes(
                    torch.outer(time, frequencies(quarter)),
                    torch.outer(rows, frequencies(rest)),
                    torch.outer(columns, frequencies(rest)));
        }

        private static Tensor frequencies(int channels) {
            Tensor exponents = torch.arange(
                            new Scalar(0.0),
                            new Scalar((double) channels),
                            new Scalar(2.0),
                            new TensorOptions(ScalarType.Float))
                    .div(new Scalar((double) channels));
            return torch.pow(new Scalar(THETA), exponents).reciprocal();
        }

        RotaryPositions tables() {
            return RotaryPositions.of(table(StrictMath::cos), table(StrictMath::sin));
        }

        private Tensor table(DoubleUnaryOperator function) {
            long[] sizes = {time.size(0), rows.size(0), columns.size(0), -1};
            return torch.cat(
                            new TensorVector(
                                    twice(time, function)
                                            .unsqueeze(1)
                                            .unsqueeze(1)
                                            .expand(sizes),
                                    twice(rows, function).unsqueeze(1).expand(sizes),
                                    twice(columns, function).expand(sizes)),
                            3)
                    .flatten(0, 2);
        }

        /// Values of a function at the angles, each nearest to the true one, as the reference's library gives
        /// them, and each twice.
        private static Tensor twice(Tensor angles, DoubleUnaryOperator function) {
            float[] values = new float[Math.toIntExact(angles.numel())];
            angles.data_ptr_float().get(values);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) function.applyAsDouble(values[i]);
            }
            return torch.tensor(values)
                    .view(angles.shape())
                    .repeat_interleave(2, new LongOptional(1), new LongOptional());
        }
    }

    /// Turns the video's queries or keys, in place. It is done in fp32, whatever their type.
    ///
    /// @param video `[batch, video tokens, heads, channels of a head]`
    void turn(Tensor video) {
        if (video.scalar_type().intern() == ScalarType.Float) {
            pairs(video).mul_(factors);
        } else {
            Scoped.run(() -> {
                Tensor wide = video.to(ScalarType.Float);
                pairs(wide).mul_(factors);
                video.copy_(wide);
            });
        }
    }

    /// The same tables on a device.
    RotaryPositions on(ComputeDevice device) {
        return device.isCpu() ? this : new RotaryPositions(move(cos, device), move(sin, device), move(factors, device));
    }

    private static Tensor move(Tensor table, ComputeDevice device) {
        return table.to(device.torchDevice(), table.scalar_type());
    }

    private static Tensor pairs(Tensor fp32) {
        return torch.view_as_complex(fp32.unflatten(-1, -1, 2));
    }

    private static Tensor everySecond(Tensor table) {
        return table.unflatten(1, -1, 2).select(2, 0);
    }
}
