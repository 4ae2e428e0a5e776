package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.video.TensorFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/// The file of a generation's latents: `initial_latents`, `step_latents` (with the steps as first dimension) and
/// `latents`.
public final class LatentsFile implements AutoCloseable {
    private final List<Round> rounds = new ArrayList<>();

    /// The latents of one video.
    private record Round(HostTensor initial, List<HostTensor> steps) {}

    /// A round of denoising begins.
    public void start(HostTensor initial) {
        rounds.add(new Round(copy(initial), new ArrayList<>()));
    }

    /// A step of the last round is done.
    public void step(HostTensor now) {
        rounds.getLast().steps().add(copy(now));
    }

    /// Writes the latents of one video.
    ///
    /// @param index which video, counted from 0
    /// @param last  the last latents of all videos
    public void write(Path file, boolean overwrite, int index, HostTensor last) throws IOException {
        Round round = rounds.get(index);
        long[] one = last.shape();
        long bytes = last.values().byteSize() / one[0];
        one[0] = 1;
        MemorySegment values = last.values().asSlice(index * bytes, bytes);
        try (HostTensor steps = joined(round)) {
            TensorFile.write(
                    file,
                    overwrite,
                    List.of(
                            round.initial().entry("initial_latents"),
                            steps.entry("step_latents"),
                            new TensorFile.Entry("latents", last.precision().dtype(), Shape.of(one), values)),
                    Map.of());
        }
    }

    private static HostTensor joined(Round round) {
        List<HostTensor> steps = round.steps();
        long[] shape = LongStream.concat(
                        LongStream.of(steps.size()),
                        Arrays.stream(steps.getFirst().shape()))
                .toArray();
        HostTensor all = HostTensor.allocate(steps.getFirst().precision(), shape);
        long bytes = steps.getFirst().values().byteSize();
        for (int i = 0; i < steps.size(); i++) {
            all.values().asSlice(i * bytes, bytes).copyFrom(steps.get(i).values());
        }
        return all;
    }

    private static HostTensor copy(HostTensor source) {
        HostTensor copy = HostTensor.allocate(source.precision(), source.shape());
        copy.values().copyFrom(source.values());
        return copy;
    }

    @Override
    public void close() {
        for (Round round : rounds) {
            round.initial().close();
            round.steps().forEach(HostTensor::close);
        }
    }
}
