package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.cuda.Presets;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Loader;

/// FFmpeg's libraries, loaded when the first video file is met and not before.
public final class Ffmpeg {
    private Ffmpeg() {}

    /// Loads the libraries, and keeps their warnings off the standard error.
    ///
    /// @throws MissingCapabilityException `native-library` when this system has none
    public static void start() {
        Presets.settle();
        try {
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            throw new MissingCapabilityException(
                    e,
                    ProblemCode.NATIVE_LIBRARY,
                    Place.nowhere(),
                    "inference.video.native-library",
                    Loader.getPlatform(),
                    String.valueOf(e.getMessage()));
        }
    }

    /// Whether this build of FFmpeg has an encoder.
    public static boolean hasEncoder(String name) {
        start();
        return avcodec.avcodec_find_encoder_by_name(name) != null;
    }

    /// A path as FFmpeg's file protocol takes it, whatever characters it begins with.
    public static String url(Path file) {
        return "file:" + file.toAbsolutePath();
    }

    /// Options for FFmpeg; the caller frees them.
    public static AVDictionary options(Map<String, String> values) {
        AVDictionary options = new AVDictionary();
        values.forEach((key, value) -> avutil.av_dict_set(options, key, value, 0));
        return options;
    }

    /// What an error code of FFmpeg means, in its own words.
    public static String text(int error) {
        byte[] text = new byte[128];
        avutil.av_strerror(error, text, text.length);
        String all = new String(text, StandardCharsets.UTF_8);
        int end = all.indexOf('\0');
        return end < 0 ? all : all.substring(0, end);
    }
}
