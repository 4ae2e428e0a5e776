package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// A file of `torch.save`, opened: what its pickle describes, with tensors that know where their bytes lie.
///
/// @param path      the file
/// @param container which of torch's two containers it is
/// @param root      what was saved; tensors in it are [TensorValue]s
public record TorchFile(Path path, Container container, PickleValue root) {
    /// What holds the pickle and the storages.
    public enum Container {
        /// Since torch 1.6: a ZIP with a record a storage.
        ZIP,
        /// Before, and on request since: five pickles, then the storages.
        LEGACY
    }

    /// Opens a file. Its pickle is read and every storage it mentions is located; no tensor is read.
    ///
    /// @param problems takes what is odd but stops nothing
    /// @throws FormatException when it is no file of `torch.save`, is damaged, or is not safe
    public static TorchFile open(Path path, Warnings problems) throws IOException {
        try (FileChannel channel = RegularFile.open(path)) {
            return TorchFileOpener.open(FileWindow.whole(channel, path), problems);
        }
    }

    /// Opens what was saved into memory and lies in a pickle as bytes: plain values, as the places of tensors in it
    /// lead nowhere.
    ///
    /// @param bytes from position 0 to the limit
    /// @param path  the file that they come from, for messages
    /// @throws FormatException as [#open] does
    public static PickleValue rootOf(ByteBuffer bytes, Path path) throws IOException {
        FileBlocks blocks = new FileBlocks(bytes);
        FileWindow window = FileWindow.inside(blocks, path, 0, blocks.size(), TorchLimits.WEIGHTS);
        return TorchFileOpener.open(window, new Warnings()).root();
    }
}
