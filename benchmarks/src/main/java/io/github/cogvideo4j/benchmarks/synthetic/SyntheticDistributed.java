package io.github.cogvideo4j.benchmarks.synthetic;

import static io.github.cogvideo4j.benchmarks.synthetic.StateFile.map;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.formats.internal.torch.TensorPickle;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The writer of a `torch.distributed` checkpoint of any size as FSDP does: `.metadata`, and for each rank a file with
/// its chunk of every tensor, one file of `torch.save` after another. Nothing but one buffer is in memory.
public final class SyntheticDistributed {
    private static final String MODULE = "torch.distributed.checkpoint.metadata";

    private final List<NamedShape> parameters;
    private final int ranks;
    private final int dimension;

    /// A chunk and where it was written.
    private record Chunk(int rank, List<Long> offsets, List<Long> sizes, long position, long length) {}

    private SyntheticDistributed(List<NamedShape> parameters, int ranks, int dimension) {
        this.parameters = parameters;
        this.ranks = ranks;
        this.dimension = dimension;
    }

    /// Writes a checkpoint.
    ///
    /// @param folder     the folder of the state, which must not exist
    /// @param parameters the model's parameters, in order
    /// @param ranks      how many ranks it is cut for
    /// @param dimension  along which dimension: 0 as FSDP does, 1 for chunks that interleave; a tensor
    ///                   without it is cut along its first
    public static void write(Path folder, List<NamedShape> parameters, int ranks, int dimension) throws IOException {
        new SyntheticDistributed(parameters, ranks, dimension).write(folder);
    }

    private void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        List<List<Chunk>> byRank = ParallelTensors.map(
                IntStream.range(0, ranks).boxed().toList(),
                Runtime.getRuntime().availableProcessors(),
                rank -> writeRank(folder, rank));
        List<List<Chunk>> byTensor = new ArrayList<>();
        for (int tensor = 0; tensor < parameters.size(); tensor++) {
            List<Chunk> chunks = new ArrayList<>();
            for (List<Chunk> rank : byRank) {
                chunks.add(rank.get(tensor));
            }
            chunks.removeIf(chunk -> chunk.length() == 0);
            byTensor.add(chunks);
        }
        StateFile table = new StateFile();
        Files.write(folder.resolve(".metadata"), table.pickle(metadata(table, byTensor)));
    }

    /// A chunk of every tensor, of no length where there are more ranks than rows.
    private List<Chunk> writeRank(Path folder, int rank) throws IOException {
        List<Chunk> chunks = new ArrayList<>();
        long first = 0;
        long position = 0;
        try (FileChannel channel = FileChannel.open(
                folder.resolve(fileOf(rank)), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (NamedShape parameter : parameters) {
                Shape shape = parameter.shape();
                int cut = dimension < shape.rank() ? dimension : 0;
                long each = Math.ceilDiv(shape.size(cut), ranks);
                long from = Math.min(shape.size(cut), rank * each);
                long to = Math.min(shape.size(cut), from + each);
                long length = 0;
                if (to > from) {
                    StateFile file = new StateFile();
                    int key = file.storage(new Content.Parameters(DType.F32, runs(shape, cut, first, from, to)));
                    TensorPickle tensor = TensorPickle.whole(DType.F32, key, with(shape, cut, to - from), false);
                    Runnable root = () -> tensor.write(file.pickle());
                    length = file.write(channel, position, "archive.pt", root);
                }
                chunks.add(new Chunk(
                        rank,
                        offsets(shape, cut, from),
                        with(shape, cut, to - from).sizes(),
                        position,
                        length));
                position += length;
                first += shape.numel();
            }
        }
        return chunks;
    }

    /// The chunk's elements as runs of the model's: one for each index of the dimensions before the cut.
    private static List<Content.Run> runs(Shape shape, int cut, long first, long from, long to) {
        long inner = 1;
        for (int d = cut + 1; d < shape.rank(); d++) {
            inner *= shape.size(d);
        }
        long row = inner * shape.size(cut);
        List<Content.Run> runs = new ArrayList<>();
        for (long outer = 0; outer < shape.numel() / row; outer++) {
            runs.add(new Content.Run(first + outer * row + from * inner, (to - from) * inner, 0));
        }
        return runs;
    }

    private static Shape with(Shape shape, int cut, long size) {
        List<Long> sizes = new ArrayList<>(shape.sizes());
        sizes.set(cut, size);
        return new Shape(sizes);
    }

    private static List<Long> offsets(Shape shape, int cut, long from) {
        List<Long> offsets = new ArrayList<>();
        for (int d = 0; d < shape.rank(); d++) {
            offsets.add(d == cut ? from : 0);
        }
        return offsets;
    }

    private static String fileOf(int rank) {
        return "__" + rank + "_0.distcp";
    }

    private Object metadata(StateFile table, List<List<Chunk>> byTensor) {
        Map<Object, Object> tensors = new LinkedHashMap<>();
        Map<Object, Object> places = new LinkedHashMap<>();
        for (int i = 0; i < parameters.size(); i++) {
            String name = "model." + parameters.get(i).name();
            List<Runnable> chunks = new ArrayList<>();
            for (Chunk chunk : byTensor.get(i)) {
                Runnable offsets = size(table, chunk.offsets());
                chunks.add(table.object(
                        MODULE, "ChunkStorageMetadata", map("offsets", offsets, "sizes", size(table, chunk.sizes()))));
                places.put(
                        table.object(
                                MODULE, "MetadataIndex", map("fqn", name, "offset", offsets, "index", chunk.rank())),
                        table.object(
                                "torch.distributed.checkpoint.filesystem",
                                "_StorageInfo",
                                map(
                                        "relative_path", fileOf(chunk.rank()),
                                        "offset", chunk.position(),
                                        "length", chunk.length())));
            }
            tensors.put(
                    name,
                    table.object(
                            MODULE,
                            "TensorStorageMetadata",
                            map("size", size(table, parameters.get(i).shape().sizes()), "chunks", chunks)));
        }
        return table.object(
                MODULE, "Metadata", map("state_dict_metadata", tensors, "storage_data", places, "version", "1.0.0"));
    }

    private static Runnable size(StateFile table, List<Long> sizes) {
        return table.call("torch", "Size", table.tuple(sizes));
    }

    /// `--billions P [--family cogvideox|wan] [--ranks N] [--dimension 0|1] FOLDER`
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args);
        List<NamedShape> parameters = SyntheticModel.ofBillions(
                arguments.get("family", "cogvideox"), Double.parseDouble(arguments.get("billions", "1")));
        Path folder = Path.of(arguments.only("FOLDER"));
        write(
                folder,
                parameters,
                Integer.parseInt(arguments.get("ranks", "8")),
                Integer.parseInt(arguments.get("dimension", "0")));
        System.out.printf("%s: %,d parameters%n", folder, SyntheticModel.count(parameters));
    }
}
