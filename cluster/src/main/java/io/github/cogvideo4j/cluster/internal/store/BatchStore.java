package io.github.cogvideo4j.cluster.internal.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The place that a batch fills. Names are relative and separated by `/`; what has a name is whole.
public interface BatchStore extends AutoCloseable {
    /// The place for people.
    String display();

    /// The folder of a mounted file system that it is, if it is one.
    Optional<Path> folder();

    /// Whether something has the name.
    boolean exists(String name) throws IOException;

    /// The names of the files in a folder, without it; nothing where there is no such folder.
    List<String> list(String folder) throws IOException;

    /// A file's content.
    InputStream open(String name) throws IOException;

    /// Copies a file to a name that nothing has.
    ///
    /// @return whether it was; a file that has the name stays as it is
    boolean publish(Path local, String name) throws IOException;

    /// Writes a small file, whole, in place of what has the name.
    void put(String name, byte[] bytes) throws IOException;

    /// Writes a small file, whole, unless something has the name.
    ///
    /// @return whether it was written
    boolean putNew(String name, byte[] bytes) throws IOException;

    /// Adds whole lines to a file, or makes it. A last line that was cut off is dropped.
    void append(String name, byte[] lines) throws IOException;

    /// Makes one file of what was added to a file, where it lies apart until then.
    void settle(String name) throws IOException;

    /// Replaces a file by one that is written line by line.
    void replace(String name, Body body) throws IOException;

    /// Deletes a file, if it is there.
    void delete(String name) throws IOException;

    /// Takes a file that is not what it should be away from its name, without deleting it.
    void retire(String name) throws IOException;

    /// Claims the batch, or one of its shards, for this process until the claim is closed.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.OutputException `output-refused` when another process has it
    Claim claim(String name) throws IOException;

    @Override
    default void close() throws IOException {}

    /// A claim that lasts until it is closed.
    interface Claim extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /// The writer of a file.
    @FunctionalInterface
    interface Body {
        /// Writes all of it.
        void write(OutputStream stream) throws IOException;
    }
}
