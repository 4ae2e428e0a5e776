package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;

/// Remedies as command lines to copy into a shell. Names come from files, so they are quoted.
public final class Commands {
    private Commands() {}

    /// The command line of a remedy, if it has one.
    public static Optional<String> of(Remedy remedy) {
        return switch (remedy) {
            case Remedy.SetField _, Remedy.JvmOption _ -> Optional.empty();
            case Remedy.RepairFolder repair ->
                Optional.of("cogvideo doctor " + quote(repair.folder()) + " --fix"
                        + (repair.rewriting() ? " --convert" : "")
                        + repair.keep().map(file -> " --keep " + quote(file)).orElse(""));
            case Remedy.Diagnose diagnose ->
                Optional.of("cogvideo doctor " + quote(diagnose.path()) + (diagnose.deep() ? " --deep" : ""));
            case Remedy.Convert convert ->
                Optional.of("cogvideo convert " + quote(convert.source()) + " my-model"
                        + (convert.withBase() ? " --base BASE_MODEL" : "")
                        + convert.dtype().map(dtype -> " --dtype " + dtype).orElse(""));
            case Remedy.ExportAdapter export ->
                Optional.of("cogvideo lora export " + quote(export.checkpoint()) + " my-lora");
            case Remedy.FuseAdapter fuse ->
                Optional.of("cogvideo lora fuse BASE_MODEL "
                        + fuse.adapter().map(Commands::quote).orElse("my-lora") + " fused-model"
                        + (fuse.withAlpha() ? " --lora-alpha ALPHA" : ""));
            case Remedy.CopyFromBase copy ->
                Optional.of(
                        copy.folder()
                                ? "cp -r BASE_MODEL/" + quote(copy.path()) + " " + quote(copy.target())
                                : "cp BASE_MODEL/" + quote(copy.path()) + " " + quote(copy.target()));
            case Remedy.Move move ->
                Optional.of("mv " + move.files().stream().map(Commands::quote).collect(Collectors.joining(" ")) + " "
                        + quote(move.folder()));
            case Remedy.PullLargeFiles pull -> Optional.of("git -C " + quote(pull.folder()) + " lfs pull");
            case Remedy.MakeReadable readable -> Optional.of("chmod u+rX " + quote(readable.path()));
            case Remedy.CheckSystem check -> Optional.of("cogvideo doctor --system --device " + quote(check.device()));
            case Remedy.SetUpCuda _ -> Optional.of("cogvideo setup cuda");
            case Remedy.EncodeVideo _ -> Optional.of("cogvideo vae encode VIDEO LATENTS");
        };
    }

    private static String quote(Path path) {
        return quote(path.toString());
    }

    /// A word as a POSIX shell takes it literally.
    static String quote(String word) {
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
