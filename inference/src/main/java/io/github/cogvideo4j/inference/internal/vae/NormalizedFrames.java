package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Frames that are normalised and go through SiLU when they are asked for, in fp32 in between.
///
/// Scale and shift may be coarser than the frames in each dimension; they are spread to the nearest. Where an
/// odd number of frames, more than one, has been made of latents, the first frame has the first latent frame
/// to itself.
final class NormalizedFrames implements LazyFrames {
    /// Elements that are done at once: as many as a processor's cache holds.
    private static final long BLOCK = 1 << 18;

    private final Tensor frames; // [frames, height, width, channels]
    private final Tensor scale; // [latent frames, h, 1, w, 1, channels], h = 1 or w = 1 for all alike
    private final Tensor shift;
    private final long channels;
    private final long height;
    private final long spreadY;
    private final long spreadX;
    private final long columns;
    private final long rowElements; // of the frames, for a row of the table
    private final long blockRows; // rows of the table that are done at once

    /// @param scale `[t, h, w, channels]` in fp32, t, h and w dividing those of the frames or being 1
    /// @param shift in the same shape
    NormalizedFrames(Tensor frames, Tensor scale, Tensor shift) {
        this.frames = frames;
        this.height = frames.size(1);
        this.channels = frames.size(3);
        boolean alike = scale.size(1) == 1;
        long rows = alike ? height : scale.size(1);
        this.columns = scale.size(2);
        this.spreadY = height / rows;
        this.spreadX = frames.size(2) / columns;
        this.scale = rows(scale, rows);
        this.shift = rows(shift, rows);
        this.rowElements = spreadY * frames.size(2) * channels;
        this.blockRows = Math.clamp(BLOCK / rowElements, 1, rows);
    }

    private Tensor rows(Tensor table, long rows) {
        return table.expand(table.size(0), rows, columns, channels).unsqueeze(2).unsqueeze(4);
    }

    @Override
    public void write(long first, Tensor into) {
        write(first, into, true);
    }

    /// The frames, with SiLU or without.
    void write(long first, Tensor into, boolean activated) {
        Scoped.run(() -> {
            // One block of memory in fp32 for all blocks: fresh pages for each take 3% of a decoding.
            Optional<Tensor> wide = frames.scalar_type().intern() == ScalarType.Float
                    ? Optional.empty()
                    : Optional.of(torch.empty(new long[] {blockRows * rowElements}, scale.options(), null));
            for (long i = 0; i < into.size(0); i++) {
                frame(first + i, into.select(0, i), wide, activated);
            }
        });
    }

    private void frame(long number, Tensor target, Optional<Tensor> wide, boolean activated) {
        long latent = latentFrame(number, frames.size(0), scale.size(0));
        Tensor from = frames.select(0, number);
        Tensor scales = scale.select(0, latent);
        Tensor shifts = shift.select(0, latent);
        long rows = scales.size(0);
        for (long row = 0; row < rows; row += blockRows) {
            long start = row;
            long count = Math.min(blockRows, rows - row);
            Scoped.run(() -> {
                Tensor in = tiles(from, start, count);
                Tensor out = tiles(target, start, count);
                Tensor work = wide.map(memory -> memory.narrow(0, 0, count * rowElements)
                                .view(out.shape())
                                .copy_(in))
                        .orElse(out);
                torch.addcmul_out(
                        work,
                        shifts.narrow(0, start, count),
                        wide.isPresent() ? work : in,
                        scales.narrow(0, start, count));
                if (activated) {
                    torch.silu_(work);
                }
                if (wide.isPresent()) {
                    out.copy_(work);
                }
            });
        }
    }

    /// Rows of a frame as `[rows of the table, spread, columns of the table, spread, channels]`.
    private Tensor tiles(Tensor frame, long row, long count) {
        return frame.narrow(0, row * spreadY, count * spreadY).view(count, spreadY, columns, spreadX, channels);
    }

    /// The latent frame that a frame was made of.
    static long latentFrame(long frame, long frames, long latentFrames) {
        if (frames > 1 && frames % 2 == 1 && latentFrames > 1) {
            return frame == 0 ? 0 : 1 + (frame - 1) * (latentFrames - 1) / (frames - 1);
        }
        return frame * latentFrames / frames;
    }
}
