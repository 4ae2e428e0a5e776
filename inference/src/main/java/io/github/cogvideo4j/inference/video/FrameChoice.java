package io.github.cogvideo4j.inference.video;

import java.util.stream.IntStream;

/// Which frames of a video are used.
@FunctionalInterface
public interface FrameChoice {
    /// Chooses frames.
    ///
    /// @param count how many the file has
    /// @return their numbers, counted from 0, ascending
    int[] of(int count);

    /// All of them.
    static FrameChoice all() {
        return count -> IntStream.range(0, count).toArray();
    }

    /// The first ones.
    static FrameChoice first(int most) {
        return count -> IntStream.range(0, Math.min(count, most)).toArray();
    }

    /// What CogVideo's `ddim_inversion.py` takes: without the skipped ones at both ends, every `step`-th
    /// where there are more than `most` (`step` 0: so that `most` cover the rest), at most `most`, and of
    /// those so many from the end left out that 4N + 1 remain.
    static FrameChoice sampled(int skipStart, int skipEnd, int step, int most) {
        return count -> {
            int start = Math.min(skipStart, count - 1);
            int end = Math.max(0, count - skipEnd);
            if (end <= start) {
                return new int[] {start};
            }
            int stride = end - start <= most ? 1 : step > 0 ? step : Math.max(1, (end - start) / most);
            int[] chosen = IntStream.iterate(start, i -> i < end, i -> i + stride)
                    .limit(most)
                    .toArray();
            int rest = (chosen.length + 3) % 4;
            return IntStream.of(chosen).limit(Math.max(1, chosen.length - rest)).toArray();
        };
    }
}
