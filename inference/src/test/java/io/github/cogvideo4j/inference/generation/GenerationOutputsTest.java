package io.github.cogvideo4j.inference.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GenerationOutputsTest {
    @Test
    void namesOfSeveralVideosKeepTheEnding() {
        assertThat(of("out/video.mp4", 1, 1).video()).isEqualTo(Path.of("out/video.mp4"));
        assertThat(of("out/video.mp4", 2, 3).video()).isEqualTo(Path.of("out/video-2.mp4"));
        assertThat(of("frames", 2, 3).video()).isEqualTo(Path.of("frames-2"));
        assertThat(of("out/video.mp4", 1, 1).record()).isEqualTo(Path.of("out/video.mp4.json"));
    }

    @Test
    void theUsualContactSheetStaysBesideItsVideo() {
        Path video = Path.of("out/video.mp4");
        GenerationOutputs outputs = new GenerationOutputs(
                video,
                Optional.of(Path.of("l.pt")),
                Optional.of(GenerationOutputs.contactSheetBeside(video)),
                0,
                false);
        assertThat(outputs.of(2, 2).contactSheet()).contains(Path.of("out/video-2.mp4.contact-sheet.png"));
        assertThat(outputs.of(2, 2).latents()).contains(Path.of("l-2.pt"));
    }

    private static GenerationOutputs of(String video, int number, int count) {
        return GenerationOutputs.of(Path.of(video)).of(number, count);
    }
}
