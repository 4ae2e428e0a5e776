package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// A file in which several files of `torch.save` lie one after another, each with a tensor, as in a distributed
/// checkpoint. For one thread at a time.
public final class TorchSequence implements AutoCloseable {
    private final FileChannel channel;
    private final FileBlocks blocks;
    private final Path path;

    private TorchSequence(FileChannel channel, Path path) throws IOException {
        this.channel = channel;
        this.blocks = new FileBlocks(channel);
        this.path = path;
    }

    /// Opens the file that holds them.
    ///
    /// @throws FormatException when it is no regular file
    public static TorchSequence open(Path path) throws IOException {
        return new TorchSequence(RegularFile.open(path), path);
    }

    /// Opens one of them. Its pickle is read and every storage it mentions is located; no tensor is read.
    /// Going through them in the order in which they lie is fastest.
    ///
    /// @param offset   where it starts, in bytes
    /// @param length   its bytes
    /// @param problems takes what is odd but stops nothing
    /// @throws FormatException when it leaves the file, is no file of `torch.save`, is damaged, is not safe, or
    ///     is far larger than the description of one tensor
    public TorchFile file(long offset, long length, Warnings problems) throws IOException {
        return TorchFileOpener.open(FileWindow.inside(blocks, path, offset, length, TorchLimits.TENSOR), problems);
    }

    /// Opens one that is no tensor, as [#file] does; it may be larger.
    public PickleValue object(long offset, long length) throws IOException {
        return TorchFileOpener.open(
                        FileWindow.inside(blocks, path, offset, length, TorchLimits.WEIGHTS), new Warnings())
                .root();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
