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

/// The coding of videos chunk by chunk, whole or in tiles.
///
/// @param coder  codes a chunk: the encoder or the decoder
/// @param length frames in a chunk
/// @param tiles  the tiles for frames that are larger than one
record ChunkedCoding(ChunkCoder coder, long length, Optional<TileGrid> tiles) {
    /// A function from a chunk of frames to a coded one.
    @FunctionalInterface
    interface ChunkCoder {
        Tensor forward(Tensor chunk, CodingState state);
    }

    /// A range of frames that are encoded or decoded together. The lengths are part of the result, because a norm's
    /// statistics are those of a chunk.
    ///
    /// @param first the number of the first frame
    /// @param count how many
    record Chunk(long first, long count) {
        /// Chunks of a length; the first one takes the remainder as well.
        static List<Chunk> of(long frames, long length) {
            long remainder = frames % length;
            List<Chunk> chunks = new ArrayList<>();
            chunks.add(new Chunk(0, Math.min(frames, length + remainder)));
            for (long first = length + remainder; first < frames; first += length) {
                chunks.add(new Chunk(first, length));
            }
            return chunks;
        }
    }

    /// Codes a batch, one video after the other.
    ///
    /// @param batch    `[batch, channels, frames, height, width]`
    /// @param ready    brings a video into the type and to the place of use
    /// @param consumer takes coded frames: chunk by chunk, or with tiles a video at once
    /// @param probe    sees the stages of each chunk
    void run(
            Tensor batch,
            UnaryOperator<Tensor> ready,
            FrameConsumer consumer,
            VaeProgress progress,
            CodingState.VaeProbe probe) {
        Optional<TileGrid> grid = tiles.filter(tile -> tile.divides(batch.size(3), batch.size(4)));
        long perVideo = Chunk.of(batch.size(2), length).size()
                * grid.map(tile -> tile.count(batch.size(3), batch.size(4))).orElse(1L);
        Counter steps = new Counter(progress, batch.size(0) * perVideo);
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

    /// A consumer of coded frames: the number of the first one, `[frames, height, width, channels]`.
    @FunctionalInterface
    private interface CodedFrames {
        void accept(long first, Tensor frames);
    }

    private Tensor whole(Tensor frames, CodingState.VaeProbe probe, Counter steps) {
        List<Tensor> coded = new ArrayList<>();
        try {
            chunks(frames, probe, steps, (first, chunk) -> coded.add(Scoped.keep(chunk)));
            return torch.cat(new TensorVector(coded.toArray(Tensor[]::new)), 0);
        } finally {
            coded.forEach(Tensor::close);
        }
    }

    private void chunks(Tensor frames, CodingState.VaeProbe probe, Counter steps, CodedFrames output) {
        List<Chunk> chunks = Chunk.of(frames.size(0), length);
        long[] done = {0};
        try (CodingState state = new CodingState(probe)) {
            for (Chunk chunk : chunks) {
                if (chunk.equals(chunks.getLast())) {
                    state.caches().lastChunk();
                }
                Scoped.run(() -> {
                    Tensor coded = coder.forward(frames.narrow(0, chunk.first(), chunk.count()), state);
                    output.accept(done[0], coded);
                    done[0] += coded.size(0);
                });
                steps.next();
            }
        }
    }

    /// A counter of steps that notifies a listener.
    private static final class Counter {
        private final VaeProgress progress;
        private final long total;
        private long done;

        Counter(VaeProgress progress, long total) {
            this.progress = progress;
            this.total = total;
        }

        void next() {
            done++;
            progress.advance(done, total);
        }
    }
}
