package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The failures that an [IOException] stands for: no such file is a wrong input, everything else is the machine's.
final class IoFailures {
    /// How the system's C library says it (`ENOSPC`, `EDQUOT`), which is in the user's language; Java passes no
    /// number.
    private static final List<String> DISK_FULL = List.of(
            "No space left on device",
            "设备上没有空间",
            "Disk quota exceeded",
            "超出磁盘限额",
            "There is not enough space on the disk",
            "磁盘空间不足");

    private IoFailures() {}

    static Failure of(IOException e) {
        String reason = reason(e);
        if (DISK_FULL.stream().anyMatch(reason::contains)) {
            return failure(
                    e, ExitCode.ENVIRONMENT, ProblemCode.NO_SPACE.id(), "cli.failure.disk-full", "cli.remedy.no-space");
        }
        return switch (e) {
            case NoSuchFileException missing ->
                failure(missing, ExitCode.BAD_INPUT, "not-found", "cli.failure.not-found", "cli.hint.path");
            case FileNotFoundException missing ->
                failure(missing, ExitCode.BAD_INPUT, "not-found", "cli.failure.not-found", "cli.hint.path");
            case NotDirectoryException file ->
                failure(file, ExitCode.BAD_INPUT, "not-a-folder", "cli.failure.not-a-folder", "cli.hint.path");
            case AccessDeniedException denied ->
                failure(denied, ExitCode.ENVIRONMENT, "access-denied", "cli.failure.access-denied", "cli.hint.access");
            default ->
                new Failure(
                        ExitCode.ENVIRONMENT,
                        "io",
                        Message.of(
                                "cli.failure.io",
                                reason.isEmpty() ? e.getClass().getSimpleName() : reason),
                        place(e),
                        Optional.empty());
        };
    }

    private static Failure failure(IOException e, ExitCode exit, String code, String key, String hint) {
        return new Failure(exit, code, Message.of(key), place(e), Optional.of(Message.of(hint)));
    }

    private static String reason(IOException e) {
        String text = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return text == null ? "" : text;
    }

    private static Place place(IOException e) {
        return e instanceof FileSystemException f && f.getFile() != null
                ? Place.of(Path.of(f.getFile()))
                : Place.nowhere();
    }
}
