package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Codes videos chunk by chunk, whole or in tiles.
///
/// @param coder  the encoder or the decoder
/// @param length frames in a chunk
/// @param tiles  the tiles for frames that are larger than one
record ChunkedCoding(Coder coder, long length, Optional<TileGrid> tiles) {
    /// Codes a batch, one video after the other.
    ///
    /// @param batch    `[batch, channels, frames, height, width]`
    /// @param ready    brings a video into the type and to the place of use
    /// @param consumer takes coded frames: chunk by chunk, or with tiles a video at once
    /// @param probe    sees the stages of each chunk
    void run(Tensor batch, UnaryOperator<Tensor> ready, FrameConsumer consumer, VaeProgress progress, VaeProbe probe) {
        Optional<TileGrid> grid = tiles.filter(tile -> tile.divides(batch.size(3), batch.size(4)));
        long perVideo = Chunk.of(batch.size(2), length).size()
                * grid.map(tile -> tile.count(batch.size(3), batch.size(4))).orElse(1L);
        Steps steps = new Steps(progress, batch.size(0) * perVideo);
        try (var _ = Torch.inferenceMode()) {
            for (long i = 0; i < batch.size(0); i++) {
                int number = Math.toIntExact(i);
                Scoped.run(() -> {
                    Tensor frames = ready.apply(batch.select(0, number))
                            .permute(1, 2, 3, 0)
                            .contiguous();
                    CodedFrames output = (first, coded) -> consumer.accept(number, first, coded.permute(3, 0, 1, 2));
                    if (grid.isPresent()) {
                        output.accept(0, grid.get().code(frames, tile -> whole(tile, probe, steps)));
                    } else {
                        chunks(frames, probe, steps, output);
                    }
                });
            }
        }
    }

    /// Takes coded frames: the number of the first one, `[frames, height, width, channels]`.
    @FunctionalInterface
    private interface CodedFrames {
        void accept(long first, Tensor frames);
    }

    private Tensor whole(Tensor frames, VaeProbe probe, Steps steps) {
        List<Tensor> coded = new ArrayList<>();
        try {
            chunks(frames, probe, steps, (first, chunk) -> coded.add(Scoped.keep(chunk)));
            return torch.cat(new TensorVector(coded.toArray(Tensor[]::new)), 0);
        } finally {
            coded.forEach(Tensor::close);
        }
    }

    private void chunks(Tensor frames, VaeProbe probe, Steps steps, CodedFrames output) {
        List<Chunk> chunks = Chunk.of(frames.size(0), length);
        long[] done = {0};
        try (Pass pass = new Pass(probe)) {
            for (Chunk chunk : chunks) {
                if (chunk.equals(chunks.getLast())) {
                    pass.caches().lastChunk();
                }
                Scoped.run(() -> {
                    Tensor coded = coder.forward(frames.narrow(0, chunk.first(), chunk.count()), pass);
                    output.accept(done[0], coded);
                    done[0] += coded.size(0);
                });
                steps.next();
            }
        }
    }
}
