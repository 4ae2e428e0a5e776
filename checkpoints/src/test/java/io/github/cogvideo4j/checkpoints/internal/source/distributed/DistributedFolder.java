package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.TinyTorchFile;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.internal.torch.TensorPickle;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A distributed checkpoint as a test wants it: right by default, and every claim of its table can be made
/// wrong.
public final class DistributedFolder {
    private static final String METADATA = "torch.distributed.checkpoint.metadata";

    private static final List<Long> NO_TENSOR = List.of(-1L);

    /// What the table says of where a chunk is.
    public record Claim(String name, List<Long> offsets, String path, long offset, long length) {}

    private record Entry(DType dtype, List<Long> sizes, List<Box> chunks) {}

    private final Map<String, Entry> tensors = new LinkedHashMap<>();
    private final Map<String, ByteArrayOutputStream> files = new TreeMap<>();

    /// What the table will say; may be changed before it is written.
    public final List<Claim> claims = new ArrayList<>();

    /// Adds a tensor of which chunk number i is in the file of rank i.
    ///
    /// @param bytes the elements of each chunk, row-major
    void add(String name, DType dtype, List<Long> sizes, List<Box> chunks, List<byte[]> bytes) {
        tensors.put(name, new Entry(dtype, sizes, chunks));
        for (int i = 0; i < chunks.size(); i++) {
            String file = "__" + i + "_0.distcp";
            byte[] zip = torchFile(dtype, new Shape(chunks.get(i).sizes()), bytes.get(i));
            ByteArrayOutputStream out = files.computeIfAbsent(file, _ -> new ByteArrayOutputStream());
            claims.add(new Claim(name, chunks.get(i).offsets(), file, out.size(), zip.length));
            out.writeBytes(zip);
        }
    }

    /// Adds a tensor of bytes in one chunk.
    public void add(String name, int numel) {
        List<Long> sizes = List.of((long) numel);
        add(name, DType.U8, sizes, List.of(new Box(List.of(0L), sizes)), List.of(new byte[numel]));
    }

    /// Adds an object that is no tensor, as an optimizer's step is.
    ///
    /// @param pickle what `torch.save` made of it
    public void addObject(String name, byte[] pickle) {
        byte[] zip = TinyTorchFile.of("archive.pt", pickle, List.of());
        ByteArrayOutputStream out = files.computeIfAbsent("__0_0.distcp", _ -> new ByteArrayOutputStream());
        claims.add(new Claim(name, NO_TENSOR, "__0_0.distcp", out.size(), zip.length));
        out.writeBytes(zip);
    }

    /// Says something else of a tensor than is true.
    void claimChunks(String name, List<Long> sizes, List<Box> chunks) {
        tensors.put(name, new Entry(DType.U8, sizes, chunks));
    }

    /// Writes the folder.
    public Path write(Path folder) throws IOException {
        for (Map.Entry<String, ByteArrayOutputStream> file : files.entrySet()) {
            Files.write(folder.resolve(file.getKey()), file.getValue().toByteArray());
        }
        Files.write(folder.resolve(".metadata"), table());
        return folder;
    }

    private byte[] table() {
        PickleWriter pickle = new PickleWriter();
        List<PickleWriter.Item> state = new ArrayList<>();
        tensors.forEach((name, entry) ->
                state.add(new PickleWriter.Item(() -> pickle.text(name), () -> tensor(pickle, entry))));
        List<PickleWriter.Item> storage = claims.stream()
                .map(claim -> new PickleWriter.Item(() -> index(pickle, claim), () -> place(pickle, claim)))
                .toList();
        pickle.object(
                METADATA,
                "Metadata",
                List.of(
                        item(pickle, "state_dict_metadata", () -> pickle.dict(state)),
                        item(pickle, "storage_data", () -> pickle.dict(storage))));
        return pickle.finish();
    }

    private static void tensor(PickleWriter pickle, Entry entry) {
        List<Runnable> chunks = entry.chunks().stream()
                .<Runnable>map(box -> () -> pickle.object(
                        METADATA,
                        "ChunkStorageMetadata",
                        List.of(
                                item(pickle, "offsets", () -> size(pickle, box.offsets())),
                                item(pickle, "sizes", () -> size(pickle, box.sizes())))))
                .toList();
        pickle.object(
                METADATA,
                "TensorStorageMetadata",
                List.of(
                        item(pickle, "size", () -> size(pickle, entry.sizes())),
                        item(pickle, "chunks", () -> pickle.list(chunks))));
    }

    private static void index(PickleWriter pickle, Claim claim) {
        pickle.object(
                METADATA,
                "MetadataIndex",
                List.of(
                        item(pickle, "fqn", () -> pickle.text(claim.name())),
                        item(pickle, "offset", () -> offset(pickle, claim))));
    }

    private static void offset(PickleWriter pickle, Claim claim) {
        if (claim.offsets().equals(NO_TENSOR)) {
            pickle.none();
        } else {
            size(pickle, claim.offsets());
        }
    }

    private static void place(PickleWriter pickle, Claim claim) {
        pickle.object(
                "torch.distributed.checkpoint.filesystem",
                "_StorageInfo",
                List.of(
                        item(pickle, "relative_path", () -> pickle.text(claim.path())),
                        item(pickle, "offset", () -> pickle.integer(claim.offset())),
                        item(pickle, "length", () -> pickle.integer(claim.length()))));
    }

    private static PickleWriter.Item item(PickleWriter pickle, String key, Runnable value) {
        return new PickleWriter.Item(() -> pickle.text(key), value);
    }

    private static void size(PickleWriter pickle, List<Long> sizes) {
        pickle.call(
                "torch",
                "Size",
                List.of(() -> pickle.tuple(sizes.stream()
                        .<Runnable>map(size -> () -> pickle.integer(size))
                        .toList())));
    }

    /// `torch.save` of a tensor.
    public static byte[] torchFile(DType dtype, Shape shape, byte[] bytes) {
        PickleWriter pickle = new PickleWriter();
        TensorPickle.whole(dtype, 0, shape, false).write(pickle);
        return TinyTorchFile.of("archive.pt", pickle.finish(), List.of(bytes));
    }
}
