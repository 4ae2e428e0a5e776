package io.github.cogvideo4j.checkpoints.doctor.finding;

import io.github.cogvideo4j.formats.problem.Message;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Command lines to copy into a shell. Names come from files, so they are quoted.
public final class Commands {
    private Commands() {}

    /// Mends a folder by names and small files.
    public static String fix(Path folder) {
        return "cogvideo doctor " + quote(folder.toString()) + " --fix";
    }

    /// Mends a folder, and writes weights anew where names alone do not help.
    public static String fixWithConversion(Path folder) {
        return fix(folder) + " --convert";
    }

    /// Mends a folder with several sets of weights by keeping one.
    public static String fixKeeping(Path folder, String file) {
        return fix(folder) + " --keep " + quote(file);
    }

    /// Looks at every value.
    public static String deep(Path path) {
        return "cogvideo doctor " + quote(path.toString()) + " --deep";
    }

    /// Converts a checkpoint.
    public static String convert(Path source, String options) {
        return ("cogvideo convert " + quote(source.toString()) + " my-model " + options).strip();
    }

    /// Fuses an adapter with the alpha it was trained with.
    public static String fuse(Path adapter) {
        return "cogvideo lora fuse BASE_MODEL " + quote(adapter.toString()) + " fused-model --lora-alpha ALPHA";
    }

    /// Recovers an adapter from the training state.
    public static String exportAdapter(Path checkpoint) {
        return "cogvideo lora export " + quote(checkpoint.toString()) + " my-lora";
    }

    /// Takes a file from a model that is known to be good.
    public static String copyFromBase(String file, Path target) {
        return "cp BASE_MODEL/" + quote(file) + " " + quote(target.toString());
    }

    /// Moves files into a folder.
    public static String move(List<Path> files, Path folder) {
        return "mv "
                + files.stream().map(file -> quote(file.toString())).collect(Collectors.joining(" "))
                + " " + quote(folder.toString());
    }

    /// Fetches what Git-LFS pointers stand for.
    public static String pullLargeFiles(Path folder) {
        return "git -C " + quote(folder.toString()) + " lfs pull";
    }

    /// Makes a file readable.
    public static String makeReadable(Path path) {
        return "chmod u+rX " + quote(path.toString());
    }

    /// A word as a POSIX shell takes it literally.
    public static String quote(String word) {
        String clean = Message.clean(word);
        if (!clean.isEmpty() && clean.chars().allMatch(Commands::isHarmless)) {
            return clean;
        }
        return "'" + clean.replace("'", "'\\''") + "'";
    }

    private static boolean isHarmless(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || "/._-+=@%,".indexOf(c) >= 0;
    }
}
