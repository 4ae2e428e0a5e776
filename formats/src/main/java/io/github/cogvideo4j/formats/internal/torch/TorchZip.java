package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Storage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/// The ZIP container: `NAME/data.pkl`, `NAME/data/KEY` for every storage, and a few small records.
final class TorchZip {
    private static final String PICKLE = "data.pkl";
    private static final int LARGEST_NOTE = 64;
    // torch 2.13 writes 3 and reads 1 to 10 (`caffe2/serialize/versions.h`).
    private static final Set<String> KNOWN_VERSIONS = Set.of("1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
    // What an ordinary name has not; the expression is for those that have.
    private static final List<String> SUSPICIOUS = List.of("..", "\\", ":", "\0");
    private static final Pattern UNSAFE_NAME =
            Pattern.compile("(^|.*[/\\\\])\\.\\.([/\\\\].*|$)|[/\\\\].*|[A-Za-z]:.*|.*\\x00.*", Pattern.DOTALL);

    private final FileWindow window;
    private final Map<String, ZipRecord> records;
    private final String root;

    private TorchZip(FileWindow window, Map<String, ZipRecord> records, String root) {
        this.window = window;
        this.records = records;
        this.root = root;
    }

    static TorchFile read(FileWindow window, Warnings problems) throws IOException {
        Map<String, ZipRecord> records = ZipDirectory.read(window);
        // Harmless here, where records are never unpacked, and a sign of what the file was made for: one name
        // tells as much as a hundred thousand.
        records.keySet().stream()
                .filter(TorchZip::isUnsafe)
                .findFirst()
                .ifPresent(name -> problems.report(
                        ProblemCode.UNSAFE_PATH, window.place(), "formats.torch.zip-unsafe-name", name));
        TorchZip zip = new TorchZip(window, records, root(window, records));
        return new TorchFile(window.path(), TorchFile.Container.ZIP, zip.readRoot());
    }

    private static boolean isUnsafe(String name) {
        boolean suspicious = name.startsWith("/");
        for (String part : SUSPICIOUS) {
            suspicious |= name.contains(part);
        }
        return suspicious && UNSAFE_NAME.matcher(name).matches();
    }

    private static String root(FileWindow window, Map<String, ZipRecord> records) {
        List<String> roots = new ArrayList<>();
        for (String name : records.keySet()) {
            if (name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length() - 1) {
                roots.add(name.substring(0, name.length() - PICKLE.length()));
            }
        }
        if (roots.isEmpty()) {
            throw new UnsupportedFileException(
                    ProblemCode.NOT_TORCH_ZIP, window.place(), "formats.torch.zip-no-pickle", records.size());
        }
        if (roots.size() > 1) {
            throw new MalformedFileException(
                    ProblemCode.ZIP_DUPLICATE, window.place(), "formats.torch.zip-duplicate", roots.get(1) + PICKLE);
        }
        String root = roots.getFirst();
        String code = root + "code/";
        boolean script = records.containsKey(root + "constants.pkl");
        for (String name : records.keySet()) {
            script |= name.startsWith(code);
        }
        if (script) {
            throw new UnsupportedFileException(ProblemCode.TORCHSCRIPT, window.place(), "formats.torch.torchscript");
        }
        return root;
    }

    private PickleValue readRoot() throws IOException {
        Optional<String> version = note("version");
        if (version.isPresent() && !KNOWN_VERSIONS.contains(version.get())) {
            throw new UnsupportedFileException(
                    ProblemCode.TORCH_VERSION, window.place(), "formats.torch.version", version.get());
        }
        ByteOrder order = byteOrder();
        ZipRecord pickle = record(PICKLE).orElseThrow();
        PickleSource source = new PickleSource(
                ZipContents.read(window, pickle, window.limits().pickle()),
                window.place(),
                pickle.deflated() ? OptionalLong.empty() : OptionalLong.of(window.start() + pickle.dataOffset()));
        TensorFactory factory = new TensorFactory(window.place(), declaration -> storage(declaration, order));
        return PickleReader.read(source, factory, window.limits().pickles()).value();
    }

    /// Files of torch before 2.1 have no such record; they were written little-endian on every machine in use.
    private ByteOrder byteOrder() throws IOException {
        Optional<String> order = note("byteorder");
        return switch (order.orElse("little")) {
            case "little" -> ByteOrder.LITTLE_ENDIAN;
            case "big" -> ByteOrder.BIG_ENDIAN;
            default ->
                throw new UnsupportedFileException(
                        ProblemCode.TORCH_VERSION, window.place(), "formats.torch.byteorder", order.orElseThrow());
        };
    }

    private Storage storage(TensorFactory.Declaration declared, ByteOrder order) {
        String label = "data/" + declared.key();
        if (declared.key().contains("/")
                || declared.key().contains("\\")
                || declared.key().contains("..")) {
            throw new UnsafeFileException(
                    ProblemCode.UNSAFE_PATH, window.place(), "formats.torch.storage-unsafe-key", declared.key());
        }
        ZipRecord record = record(label)
                .orElseThrow(() -> new MalformedFileException(
                        ProblemCode.MISSING_STORAGE, window.place(), "formats.torch.storage-missing", label));
        // A storage may end in a part of an element when it was cut out of bytes; never in a whole one more or
        // less.
        if (record.size() / declared.elementSize() != declared.numel()) {
            throw new MalformedFileException(
                    ProblemCode.STORAGE_BOUNDS,
                    window.at(record.headerOffset()),
                    "formats.torch.storage-size",
                    label,
                    declared.numel(),
                    declared.elementSize(),
                    record.size());
        }
        long offset = window.start() + record.dataOffset();
        OptionalLong crc = OptionalLong.of(record.crc32());
        return record.deflated()
                ? new Storage.Deflated(window.path(), label, offset, record.compressedSize(), record.size(), order, crc)
                : new Storage.Plain(window.path(), label, offset, record.size(), order, crc);
    }

    private Optional<ZipRecord> record(String name) {
        return Optional.ofNullable(records.get(root + name));
    }

    /// A record of a word or two.
    private Optional<String> note(String name) throws IOException {
        Optional<ZipRecord> record = record(name);
        return record.isEmpty()
                ? Optional.empty()
                : Optional.of(ZipContents.text(
                                ZipContents.read(window, record.get(), LARGEST_NOTE), StandardCharsets.ISO_8859_1)
                        .strip());
    }
}
