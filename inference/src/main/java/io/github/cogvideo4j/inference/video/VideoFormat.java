package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.video.Ffmpeg;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// The formats of videos, chosen by the ending of the output's name.
public enum VideoFormat {
    /// `.mp4`: H.264.
    MP4("libopenh264"),
    /// `.gif`: 256 colours.
    GIF("gif"),
    /// No ending: a folder of PNG files.
    PNG_FOLDER(""),
    /// `.safetensors`: the frames as they are, `frames` `[frames, height, width, 3]` in 8 bits.
    SAFETENSORS("");

    private final String encoder;

    VideoFormat(String encoder) {
        this.encoder = encoder;
    }

    /// The format that a name means.
    ///
    /// @throws InvalidRequestException `video` when it has another ending
    public static VideoFormat of(Path output) {
        Path last = output.getFileName();
        String name = last == null ? "" : last.toString().toLowerCase(Locale.ROOT);
        int dot = name.lastIndexOf('.');
        return switch (dot <= 0 ? "" : name.substring(dot)) {
            case ".mp4" -> MP4;
            case ".gif" -> GIF;
            case ".safetensors" -> SAFETENSORS;
            case "" -> PNG_FOLDER;
            default ->
                throw new InvalidRequestException(ProblemCode.REQUEST, Place.of(output), "inference.video.ending");
        };
    }

    /// Whether this machine can write it.
    public boolean available() {
        return encoder.isEmpty() || Ffmpeg.hasEncoder(encoder);
    }

    /// Checks, before anything long begins, that a video can be written there.
    ///
    /// @param overwrite whether an earlier result may be replaced
    /// @throws MissingCapabilityException `encoder` when this machine cannot write the format
    /// @throws io.github.cogvideo4j.checkpoints.OutputException `output-refused` when something else is there
    public static void check(Path output, boolean overwrite) throws IOException {
        VideoFormat format = of(output);
        if (!format.available()) {
            throw new MissingCapabilityException(
                    ProblemCode.ENCODER, Place.of(output), "inference.video.no-encoder", format.encoder);
        }
        if (format == PNG_FOLDER) {
            OutputFile.checkFolder(output, overwrite);
        } else {
            OutputFile.check(output, overwrite);
        }
    }

    /// Checks, before anything long begins, that frames of a size can be written there: encoders have limits.
    ///
    /// @throws MissingCapabilityException `encoder` when they cannot
    public static void checkFrames(Path output, int height, int width, double framesPerSecond) {
        switch (of(output)) {
            case MP4 -> Muxer.check(Mp4File.settings(height, width, framesPerSecond), output);
            case GIF -> Muxer.check(GifFile.settings(height, width, framesPerSecond), output);
            case PNG_FOLDER, SAFETENSORS -> {
                // whatever fits into memory
            }
        }
    }
}
