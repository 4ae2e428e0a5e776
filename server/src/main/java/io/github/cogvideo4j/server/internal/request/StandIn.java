package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A black image or video in the place of one that a client has not chosen yet, so that it can be told what its request
/// would take. It is small whatever the request's size, because inputs are scaled to that.
final class StandIn {
    private static final int SIDE = 64;

    private StandIn() {}

    /// Makes one.
    ///
    /// @param settings with the number of frames
    /// @return the name of the upload
    static String of(GenerationKind kind, GenerationSettings settings, Uploads uploads) throws IOException {
        String name = uploads.newName();
        boolean still = kind == GenerationKind.I2V;
        Path file = uploads.path(name + (still ? ".png" : ".mp4"));
        try {
            if (still) {
                try (Image black = Image.allocate(SIDE, SIDE)) {
                    black.savePng(file);
                }
            } else {
                int frames = settings.numFrames().orElse(1);
                try (Video black = Video.allocate(frames, SIDE, SIDE, 8)) {
                    black.save(file);
                }
            }
            Files.move(file, uploads.path(name));
            return name;
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
