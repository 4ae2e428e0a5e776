package io.github.cogvideo4j.inference.internal.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.video.Video;
import org.junit.jupiter.api.Test;

/// Clips put behind one another.
class ContinuationTest {
    /// Four shared frames, black before and 200 after: 0, 1/4, 1/2 and 3/4 of the later one, as in VideoX-Fun's
    /// `mix_ratio = k / overlap`.
    @Test
    void sharedFramesFade() {
        try (Video one = grey(6, 0);
                Video other = grey(5, 200);
                Video joined = Continuation.joined(one, other, 4)) {
            assertThat(joined.frames()).isEqualTo(7);
            int[] values = new int[7];
            for (int i = 0; i < values.length; i++) {
                values[i] = joined.value(i, 1, 1, 2);
            }
            assertThat(values).containsExactly(0, 0, 0, 50, 100, 150, 200);
        }
    }

    /// With one shared frame, which an image-to-video clip begins with, the earlier one stays.
    @Test
    void aSingleSharedFrameIsTheEarlierOne() {
        try (Video one = grey(2, 10);
                Video other = grey(3, 250);
                Video joined = Continuation.joined(one, other, 1)) {
            assertThat(joined.frames()).isEqualTo(4);
            assertThat(joined.value(1, 0, 0, 0)).isEqualTo(10);
            assertThat(joined.value(2, 0, 0, 0)).isEqualTo(250);
        }
    }

    private static Video grey(int frames, int value) {
        Video video = Video.allocate(frames, 2, 3, 8);
        video.pixels().fill((byte) value);
        return video;
    }
}
