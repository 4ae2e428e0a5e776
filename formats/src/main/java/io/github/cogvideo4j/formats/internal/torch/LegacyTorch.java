package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleFactory;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Storage;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// The container before torch 1.6: five pickles (a magic number, a protocol version, the writer's machine, the
/// object, the keys of the storages), then for each key a 64-bit count of elements and the elements, all
/// little-endian.
///
/// Source: torch 2.13, `torch/serialization.py` (`_legacy_save`), `torch/csrc/serialization.cpp`.
final class LegacyTorch {
    static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private final FileWindow window;
    private final PickleSource source;
    private final Map<String, Storage> found = new HashMap<>();

    private LegacyTorch(FileWindow window, PickleSource source) {
        this.window = window;
        this.source = source;
    }

    /// Reads on behind the magic number.
    static TorchFile read(FileWindow window, PickleSource source, int position) throws IOException {
        PickleValue root = new LegacyTorch(window, source).readRoot(position);
        return new TorchFile(window.path(), TorchFile.Container.LEGACY, root);
    }

    private PickleValue readRoot(int position) throws IOException {
        PickleReader.Result protocol = pickle(position, PickleFactory.INERT);
        if (protocol.value().asLong().orElse(-1) != PROTOCOL) {
            throw new UnsupportedFileException(
                    ProblemCode.TORCH_VERSION, window.place(), "formats.torch.legacy-protocol", protocol.value());
        }
        int machine = position + protocol.end();
        int object = machine + pickle(machine, PickleFactory.INERT).end();
        // The object comes before the list that says where its storages are: read once for what it declares,
        // then, when they have been located, for what it is.
        Map<String, TensorFactory.Declaration> declared = new HashMap<>();
        int keys = object
                + pickle(object, factory(declaration -> {
                            declare(declared, declaration);
                            return nowhere(declaration);
                        }))
                        .end();
        PickleReader.Result order = pickle(keys, PickleFactory.INERT);
        locate(order.value(), keys + order.end(), declared);
        return pickle(object, factory(this::storage)).value();
    }

    private PickleReader.Result pickle(int position, PickleFactory factory) {
        return PickleReader.read(source.from(position), factory, window.limits().pickles());
    }

    private TensorFactory factory(TensorFactory.Storages storages) {
        return new TensorFactory(window.place(), storages);
    }

    private void declare(Map<String, TensorFactory.Declaration> declared, TensorFactory.Declaration declaration) {
        TensorFactory.Declaration before = declared.putIfAbsent(declaration.key(), declaration);
        boolean agrees = before == null
                || (before.numel() == declaration.numel() && before.elementSize() == declaration.elementSize());
        if (!agrees || declaration.numel() > Long.MAX_VALUE / declaration.elementSize()) {
            throw new MalformedFileException(
                    ProblemCode.STORAGE_BOUNDS, window.place(), "formats.torch.legacy-declaration", declaration.key());
        }
    }

    /// Stands for a storage that has not been located yet.
    private Storage nowhere(TensorFactory.Declaration declaration) {
        return new Storage.Plain(window.path(), declaration.key(), 0, 0, ByteOrder.LITTLE_ENDIAN, OptionalLong.empty());
    }

    private void locate(PickleValue keys, long start, Map<String, TensorFactory.Declaration> declared)
            throws IOException {
        long position = start;
        List<PickleValue> list = keys.asElements()
                .orElseThrow(() -> new MalformedFileException(
                        ProblemCode.PICKLE_SYNTAX, window.at(start), "formats.torch.legacy-keys"));
        for (PickleValue element : list) {
            String key = element.asText().orElse("");
            TensorFactory.Declaration declaration = declared.get(key);
            if (declaration == null || found.containsKey(key)) {
                throw new MalformedFileException(
                        ProblemCode.PICKLE_SYNTAX, window.at(start), "formats.torch.legacy-key", key);
            }
            long count = window.read(position, Long.BYTES).getLong();
            position += Long.BYTES;
            if (count != declaration.numel()) {
                throw new MalformedFileException(
                        ProblemCode.STORAGE_BOUNDS,
                        window.at(position - Long.BYTES),
                        "formats.torch.legacy-count",
                        key,
                        declaration.numel(),
                        count);
            }
            long length = count * declaration.elementSize();
            if (length > window.length() - position) {
                throw window.truncated(position, length);
            }
            found.put(key, plain(key, window.start() + position, length));
            position += length;
        }
    }

    private Storage storage(TensorFactory.Declaration declaration) {
        Storage whole = found.get(declaration.key());
        if (!(whole instanceof Storage.Plain plain)) {
            throw new MalformedFileException(
                    ProblemCode.MISSING_STORAGE, window.place(), "formats.torch.storage-missing", declaration.key());
        }
        return declaration.view().map(view -> part(declaration, plain, view)).orElse(plain);
    }

    private Storage.Plain part(TensorFactory.Declaration declaration, Storage.Plain whole, TensorFactory.View view) {
        if (view.offset() < 0 || view.numel() < 0 || view.offset() > declaration.numel() - view.numel()) {
            throw new MalformedFileException(
                    ProblemCode.STORAGE_BOUNDS, window.place(), "formats.torch.legacy-declaration", declaration.key());
        }
        return plain(
                declaration.key(),
                whole.offset() + view.offset() * declaration.elementSize(),
                view.numel() * declaration.elementSize());
    }

    private Storage.Plain plain(String key, long offset, long length) {
        return new Storage.Plain(window.path(), key, offset, length, ByteOrder.LITTLE_ENDIAN, OptionalLong.empty());
    }
}
