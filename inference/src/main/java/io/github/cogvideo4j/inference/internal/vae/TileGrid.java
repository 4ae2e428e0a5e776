package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Overlapping tiles: where they begin, and how their results become one.
///
/// @param height   a tile's height before coding
/// @param width    a tile's width before coding
/// @param strideY  from one tile's beginning to the next one's, before coding
/// @param strideX  the same to the right
/// @param blendY   rows that are blended with the tile above, after coding
/// @param blendX   columns that are blended with the tile on the left, after coding
/// @param keptY    rows that a tile contributes, after coding
/// @param keptX    columns that a tile contributes, after coding
record TileGrid(long height, long width, long strideY, long strideX, long blendY, long blendX, long keptY, long keptX) {
    private static final int HEIGHT = 1;
    private static final int WIDTH = 2;

    /// The tiles of latents.
    static TileGrid decoding(TileSize size, int spatialRatio) {
        return of(latent(size, spatialRatio), size);
    }

    /// The tiles of a video.
    static TileGrid encoding(TileSize size, int spatialRatio) {
        return of(size, latent(size, spatialRatio));
    }

    private static TileGrid of(TileSize before, TileSize after) {
        long blendY = (long) (after.height() * after.overlapHeight());
        long blendX = (long) (after.width() * after.overlapWidth());
        return new TileGrid(
                before.height(),
                before.width(),
                stride(before.height(), before.overlapHeight()),
                stride(before.width(), before.overlapWidth()),
                blendY,
                blendX,
                after.height() - blendY,
                after.width() - blendX);
    }

    private static long stride(int size, double overlap) {
        return Math.max(1, (long) (size * (1 - overlap)));
    }

    private static TileSize latent(TileSize size, int ratio) {
        return new TileSize(
                Math.max(1, size.height() / ratio),
                Math.max(1, size.width() / ratio),
                size.overlapHeight(),
                size.overlapWidth());
    }

    /// Whether frames are larger than a tile. Those that are not are coded whole.
    boolean divides(long frameHeight, long frameWidth) {
        return frameHeight > height || frameWidth > width;
    }

    /// How many tiles there are.
    long count(long frameHeight, long frameWidth) {
        return Math.ceilDiv(frameHeight, strideY) * Math.ceilDiv(frameWidth, strideX);
    }

    /// A function that codes one tile, `[frames, height, width, channels]`.
    @FunctionalInterface
    interface TileCoder {
        Tensor code(Tensor tile);
    }

    /// Codes frames tile by tile, `[frames, height, width, channels]`. Of the coded tiles two rows are held.
    Tensor code(Tensor frames, TileCoder coder) {
        return Scoped.tensor(() -> {
            List<Tensor> rows = new ArrayList<>();
            List<Tensor> above = List.of();
            for (long y = 0; y < frames.size(HEIGHT); y += strideY) {
                List<Tensor> row = row(part(frames, HEIGHT, y, height), above, coder);
                rows.add(Scoped.tensor(() -> joined(
                        row.stream()
                                .map(tile -> part(part(tile, HEIGHT, 0, keptY), WIDTH, 0, keptX))
                                .toList(),
                        WIDTH)));
                above.forEach(Tensor::close);
                above = row;
            }
            return joined(rows, HEIGHT);
        });
    }

    /// A row of coded tiles, each blended with the one above and then with the one before, which are blended
    /// already.
    private List<Tensor> row(Tensor band, List<Tensor> above, TileCoder coder) {
        List<Tensor> row = new ArrayList<>();
        for (long x = 0; x < band.size(WIDTH); x += strideX) {
            long left = x;
            int column = row.size();
            Tensor tile = Scoped.tensor(() -> coder.code(part(band, WIDTH, left, width)));
            Scoped.run(() -> {
                if (!above.isEmpty()) {
                    blend(above.get(column), tile, HEIGHT, blendY);
                }
                if (column > 0) {
                    blend(row.get(column - 1), tile, WIDTH, blendX);
                }
            });
            row.add(tile);
        }
        return row;
    }

    /// Fades from one tile's end to the next one's beginning, a line at a time, rounding where the reference
    /// does.
    private static void blend(Tensor before, Tensor tile, int dimension, long most) {
        long extent = Math.min(most, Math.min(before.size(dimension), tile.size(dimension)));
        for (long line = 0; line < extent; line++) {
            double share = (double) line / extent;
            Tensor to = tile.select(dimension, line);
            Tensor from = before.select(dimension, before.size(dimension) - extent + line);
            to.copy_(from.mul(new Scalar(1 - share)).add_(to.mul(new Scalar(share))));
        }
    }

    private static Tensor part(Tensor frames, int dimension, long first, long count) {
        return frames.narrow(dimension, first, Math.min(count, frames.size(dimension) - first));
    }

    private static Tensor joined(List<Tensor> parts, int dimension) {
        return torch.cat(new TensorVector(parts.toArray(Tensor[]::new)), dimension);
    }
}
