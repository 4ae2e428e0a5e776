package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A server's hold on a folder that no other one may use. The system ends it with the process.
record FolderLock(FileChannel channel) implements AutoCloseable {
    private static final String NAME = "lock";

    /// @throws InvalidRequestException `request` when another server has the folder
    static FolderLock of(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException _) {
            // another server in this process
        } finally {
            if (!locked) {
                channel.close();
            }
        }
        if (!locked) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), "server.job.data-in-use", folder);
        }
        return new FolderLock(channel);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
