package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.internal.staging.NewFile;
import io.github.cogvideo4j.checkpoints.internal.staging.NewFolders;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.ejml.data.DMatrixRMaj;

/// An adapter's file while it is written: tensors go to their places in any order, several at a time, and the
/// file gets its name when it is whole.
public final class AdapterFile implements AutoCloseable {
    private final Path target;
    private final Path unfinished;
    private final boolean replaces;
    private final FileChannel channel;
    private final SafetensorsLayout layout;
    private final NewFolders parents;
    private final Map<String, SafetensorsLayout.Slot> slots = new HashMap<>();

    private AdapterFile(
            Path target, Path unfinished, FileChannel channel, SafetensorsLayout layout, NewFolders parents) {
        this.target = target;
        this.unfinished = unfinished;
        this.replaces = Files.exists(target, LinkOption.NOFOLLOW_LINKS);
        this.channel = channel;
        this.layout = layout;
        this.parents = parents;
        layout.slots().forEach(slot -> slots.put(slot.tensor().name(), slot));
    }

    /// The file that an output argument means, if it may be written.
    ///
    /// @param output    a folder, made when absent, or a file's name that ends in `.safetensors`
    /// @param name      the file's name in a folder
    /// @param inputs    files and folders that are read, in which nothing is written
    /// @param overwrite whether an adapter that is there may be replaced
    /// @throws OutputException `output-refused`
    public static Path target(Path output, String name, List<Path> inputs, boolean overwrite) throws IOException {
        boolean named = String.valueOf(output.getFileName()).endsWith(".safetensors") && !Files.isDirectory(output);
        Path file = named ? output : output.resolve(name);
        if (!named && Files.exists(output) && !Files.isDirectory(output)) {
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(output), "checkpoints.output.file");
        }
        Path absolute = file.toAbsolutePath().normalize();
        for (Path input : inputs) {
            if (absolute.startsWith(input.toAbsolutePath().normalize())) {
                throw new OutputException(
                        ProblemCode.OUTPUT_REFUSED, Place.of(output), "checkpoints.output.inside", input);
            }
        }
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                && !(overwrite && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))) {
            throw exists(file);
        }
        return file;
    }

    /// The refusal of a place where a file is already, which may be replaced on request.
    public static OutputException exists(Path file) {
        return new OutputException(Problem.of(ProblemCode.OUTPUT_REFUSED, Place.of(file), "checkpoints.lora.exists")
                .with(Remedy.change(Remedy.Field.OVERWRITE)));
    }

    /// Begins a file.
    public static AdapterFile create(Path target, List<TensorSpec> tensors, Map<String, String> metadata)
            throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, metadata);
        NewFolders parents =
                NewFolders.create(Objects.requireNonNull(target.toAbsolutePath().getParent(), "a file has a folder"));
        Path unfinished = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            return new AdapterFile(target, unfinished, channel, layout, parents);
        } catch (IOException e) {
            parents.removeEmpty();
            throw e;
        }
    }

    /// Writes a piece of a tensor.
    ///
    /// @param name   the tensor
    /// @param offset where in it the piece begins, in bytes
    public void write(String name, long offset, ByteBuffer bytes) throws IOException {
        SafetensorsLayout.Slot slot = slot(name);
        if (offset > slot.length() - bytes.remaining()) {
            throw new IllegalArgumentException(name + " has no room at " + offset);
        }
        writeAt(slot.offset() + offset, bytes);
    }

    /// Writes a matrix as a whole tensor.
    ///
    /// @param name  the tensor
    /// @param dtype F32, BF16 or F16, as it was announced
    /// @return what a manifest says of it
    public Manifest.TensorEntry write(String name, DMatrixRMaj matrix, DType dtype) throws IOException {
        MessageDigest digest = Digests.sha256();
        int columns = matrix.numCols;
        ElementCast cast = ElementCast.of(DType.F32, dtype, Place.nowhere().tensor(name));
        ValueScan scan = new ValueScan(dtype);
        ByteBuffer row = ByteBuffer.allocate(columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer rounded = ByteBuffer.allocate(columns * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < matrix.numRows; i++) {
            round(matrix, i, row.clear());
            cast.cast(row.flip(), rounded.clear(), scan);
            digest.update(rounded.flip().duplicate());
            write(name, (long) i * columns * dtype.bytes(), rounded);
        }
        return new Manifest.TensorEntry(
                dtype, slot(name).tensor().shape(), HexFormat.of().formatHex(digest.digest()));
    }

    /// Puts a row of a matrix into a buffer, rounded to fp32.
    static void round(DMatrixRMaj matrix, int row, ByteBuffer into) {
        for (int j = 0; j < matrix.numCols; j++) {
            into.putFloat((float) matrix.get(row, j));
        }
    }

    private SafetensorsLayout.Slot slot(String name) {
        return Objects.requireNonNull(slots.get(name), name);
    }

    /// What a manifest says of the file.
    public Manifest.FileEntry entry() {
        byte[] head = new byte[layout.head().remaining()];
        layout.head().get(head);
        return new Manifest.FileEntry(
                String.valueOf(target.getFileName()),
                Manifest.Origin.WEIGHTS,
                size(),
                Optional.empty(),
                Optional.of(Digests.sha256(head)));
    }

    private void writeAt(long offset, ByteBuffer bytes) throws IOException {
        long at = offset;
        while (bytes.hasRemaining()) {
            try {
                at += channel.write(bytes, at);
            } catch (IOException e) {
                throw NamedFailure.of(target, e);
            }
        }
    }

    /// Writes the header, brings all to the disk, and gives the file its name. What was not there when the file
    /// was begun is not replaced. A manifest of what had the name goes before, as it would not be true of this.
    ///
    /// @throws OutputException `output-refused` when an adapter has come to be there
    public void publish() throws IOException {
        writeAt(0, layout.head());
        channel.force(true);
        channel.close();
        Files.deleteIfExists(AdapterManifest.beside(target));
        if (replaces) {
            Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        try {
            NewFile.publish(unfinished, target);
        } catch (FileAlreadyExistsException _) {
            throw exists(target);
        }
    }

    /// Writes a small file beside this one.
    public void publishBeside(String name, String text) throws IOException {
        Path unnamed = target.resolveSibling("." + name + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.writeString(unnamed, text, StandardOpenOption.CREATE_NEW, StandardOpenOption.SYNC);
            Files.move(
                    unnamed,
                    target.resolveSibling(name),
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unnamed);
        }
    }

    /// The size of the whole file.
    public long size() {
        return layout.fileSize();
    }

    /// Removes what was not published.
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(unfinished);
        parents.removeEmpty();
    }
}
