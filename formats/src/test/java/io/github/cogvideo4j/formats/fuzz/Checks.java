package io.github.cogvideo4j.formats.fuzz;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.StateDict;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// What holds of everything that a reader accepted, whatever the bytes were.
final class Checks {
    /// Tensors beyond this are located but not read, so that an execution stays short.
    private static final long LARGEST_READ = 1 << 16;

    private static final int MOST_TENSORS = 64;

    private Checks() {}

    /// Tensors lie inside their files, and reading one gives as many bytes as its shape needs.
    static void tensors(List<StoredTensor> tensors) throws IOException {
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StoredTensor tensor : tensors.subList(0, Math.min(MOST_TENSORS, tensors.size()))) {
                tensor(reader, tensor);
            }
        }
    }

    private static void tensor(FileStorageReader reader, StoredTensor tensor) throws IOException {
        switch (tensor.data()) {
            case TensorData.Extents extents -> {
                for (var part : extents.parts()) {
                    storage(part.storage());
                }
            }
            case TensorData.Strided view -> storage(view.storage());
            case TensorData.Computed _ -> throw new AssertionError("files hold no computed tensors");
        }
        if (tensor.byteLength() > 0 && tensor.byteLength() <= LARGEST_READ) {
            read(reader, tensor);
        }
    }

    private static void read(FileStorageReader reader, StoredTensor tensor) throws IOException {
        AtomicLong bytes = new AtomicLong();
        // What was compressed may turn out to be damaged only here.
        FuzzTarget.contract(() -> {
            reader.read(tensor, piece -> {
                bytes.addAndGet(piece.remaining());
                piece.position(piece.limit());
            });
            if (bytes.get() != tensor.byteLength()) {
                throw new AssertionError(tensor + " gave " + bytes + " bytes");
            }
        });
    }

    private static void storage(Storage storage) throws IOException {
        long size = Files.size(storage.file());
        boolean inside = switch (storage) {
            case Storage.Plain plain -> inside(plain.offset(), plain.length(), size);
            case Storage.Deflated deflated -> inside(deflated.offset(), deflated.compressedLength(), size);
        };
        if (!inside) {
            throw new AssertionError(storage + " leaves a file of " + size + " bytes");
        }
    }

    private static boolean inside(long offset, long length, long size) {
        return offset >= 0 && length >= 0 && offset <= size - length;
    }

    /// Every tensor anywhere in the root is sound or refused by name.
    static void torch(TorchFile opened) throws IOException {
        inert(opened.root());
        try (FileStorageReader reader = new FileStorageReader()) {
            int read = 0;
            for (PickleValue value : reachable(opened.root())) {
                if (value instanceof TensorValue tensor && read++ < MOST_TENSORS) {
                    FuzzTarget.contract(() -> tensor(reader, tensor.stored("fuzzed")));
                }
            }
        }
        if (opened.root() instanceof PickleValue.Dict dict) {
            StateDict.tensors(opened.path(), dict);
        }
    }

    /// Nothing that the result mentions is outside the table of allowed names; and it can be compared, put into
    /// maps and printed without walking off the stack.
    static void inert(PickleValue root) {
        for (PickleValue value : reachable(root)) {
            if (value instanceof PickleValue.Global global
                    && AllowedGlobals.find(global).isEmpty()) {
                throw new AssertionError("let through: " + global);
            }
            if (value instanceof PickleValue.Instance instance
                    && AllowedGlobals.find(instance.type()).isEmpty()) {
                throw new AssertionError("let through: " + instance.type());
            }
            if (value.toString().isEmpty() && !value.equals(value)) {
                throw new AssertionError("cannot be described");
            }
            Set.of(value);
        }
    }

    private static Set<PickleValue> reachable(PickleValue root) {
        Set<PickleValue> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<PickleValue> open = new ArrayDeque<>(List.of(root));
        while (!open.isEmpty()) {
            PickleValue value = open.removeLast();
            if (seen.add(value)) {
                open.addAll(value.children());
            }
        }
        return seen;
    }

    /// Writing and reading again changes nothing, and no shard is outside the folder.
    static void index(WeightIndex index) throws IOException {
        Path folder = Path.of("/model");
        for (String shard : index.shards()) {
            if (!folder.resolve(shard).normalize().getParent().equals(folder)) {
                throw new AssertionError("leaves the folder: " + shard);
            }
        }
        Path again = Files.createTempFile("index", ".json");
        try {
            Files.write(again, index.toJson());
            if (!WeightIndex.read(again, Strictness.STRICT, new Warnings()).equals(index)) {
                throw new AssertionError("reads differently when written: " + index);
            }
        } finally {
            Files.delete(again);
        }
    }
}
