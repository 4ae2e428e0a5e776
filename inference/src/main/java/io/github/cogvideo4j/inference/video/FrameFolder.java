package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.nio.file.Path;

/// The writer of a folder of PNG files, `frame_00000.png` and so on.
final class FrameFolder {
    private FrameFolder() {}

    static void write(Video video, Path folder, boolean overwrite) throws IOException {
        OutputFile.writeFolder(folder, overwrite, unfinished -> {
            for (int i = 0; i < video.frames(); i++) {
                video.image(i).savePng(unfinished.resolve("frame_%05d.png".formatted(i)), false);
            }
        });
    }
}
