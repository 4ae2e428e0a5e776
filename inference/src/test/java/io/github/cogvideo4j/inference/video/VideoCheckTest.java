package io.github.cogvideo4j.inference.video;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VideoCheckTest {
    @Test
    void aMovingPictureIsSound() {
        try (Video video = VideoFilesTest.moving(9, 48, 64, 8)) {
            assertThat(VideoCheck.of(video).symptoms()).isEmpty();
        }
    }

    @Test
    void blackIsNoticed() {
        try (Video video = Video.allocate(9, 48, 64, 8)) {
            assertThat(VideoCheck.of(video).symptoms()).containsExactly(VideoSymptom.BLACK);
        }
    }

    @Test
    void oneColourIsNoticed() {
        try (Video video = Video.allocate(9, 48, 64, 8)) {
            video.pixels().fill((byte) 128);
            assertThat(VideoCheck.of(video).symptoms()).containsExactly(VideoSymptom.FLAT);
        }
    }

    @Test
    void aStillIsNoticedUnlessItIsAllThereIs() {
        try (Video moving = VideoFilesTest.moving(1, 48, 64, 8);
                Video still = Video.allocate(9, 48, 64, 8)) {
            for (int i = 0; i < still.frames(); i++) {
                still.frame(i).copyFrom(moving.frame(0));
            }
            assertThat(VideoCheck.of(still).symptoms()).containsExactly(VideoSymptom.FROZEN);
            assertThat(VideoCheck.of(moving).symptoms()).isEmpty();
        }
    }

    @Test
    void noiseIsNoticed() {
        Random random = new Random(1);
        try (Video video = Video.allocate(9, 48, 64, 8)) {
            for (long i = 0; i < video.pixels().byteSize(); i++) {
                video.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(256));
            }
            assertThat(VideoCheck.of(video).symptoms()).containsExactly(VideoSymptom.NOISE);
        }
    }
}
