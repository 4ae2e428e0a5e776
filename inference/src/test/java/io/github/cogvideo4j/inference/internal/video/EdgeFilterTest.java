package io.github.cogvideo4j.inference.internal.video;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/// Edges of pictures whose edges are known.
class EdgeFilterTest {
    /// Dark on the left, bright on the right, a column between: a line of white there, black everywhere else. (The
    /// filter keeps strict maxima only, so that a border between two columns, where two gradients are equal, has no
    /// line.)
    @Test
    void aBorderIsALine() throws IOException {
        try (Video video = Video.allocate(2, 16, 32, 8)) {
            for (int y = 0; y < 16; y++) {
                for (int x = 16; x < 32; x++) {
                    for (int channel = 0; channel < Video.CHANNELS; channel++) {
                        byte value = (byte) (x == 16 ? 110 : 220);
                        video.frame(1).set(ValueLayout.JAVA_BYTE, (y * 32L + x) * Video.CHANNELS + channel, value);
                    }
                }
            }
            try (Video edges = EdgeFilter.edges(video)) {
                for (int y = 4; y < 12; y++) {
                    int white = 0;
                    for (int x = 0; x < 32; x++) {
                        assertThat(edges.value(0, y, x, 0)).isZero();
                        int value = edges.value(1, y, x, 0);
                        assertThat(value).isIn(0, 255).isEqualTo(edges.value(1, y, x, 2));
                        assertThat(value == 255 && (x != 16)).isFalse();
                        white += value / 255;
                    }
                    assertThat(white).isEqualTo(1);
                }
            }
        }
    }
}
