package io.github.cogvideo4j.formats.internal;

import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// A format of another framework that may hold weights but is not read here: named, so that the user learns what
/// the file is instead of what it is not.
///
/// By its first bytes where the format has a mark, else by the ending of its name. Sources: the formats' own
/// specifications (GGUF and GGML of llama.cpp, HDF5, NumPy's `.npy`, FlatBuffers of TensorFlow Lite, ONNX's
/// `ModelProto`), and the names that TensorFlow, Keras, Flax and Core ML give their files.
public enum OtherFormat {
    /// llama.cpp's container for quantised models.
    GGUF("GGUF", "GGUF", ".gguf"),
    /// llama.cpp's containers before GGUF.
    GGML("GGML", "lmgg fmgg tjgg algg", ""),
    /// A model as a graph of operators.
    ONNX("ONNX", "", ".onnx"),
    /// Keras's and TensorFlow's weights before Keras 3; also other data.
    HDF5("HDF5 (Keras, TensorFlow)", "\u0089HDF\r\n\u001a\n", ".h5 .hdf5"),
    /// A model of Keras 3.
    KERAS("Keras", "", ".keras"),
    /// A model that TensorFlow saved: its graph, or its table of variables and their data.
    TENSORFLOW("TensorFlow", "", "saved_model.pb .ckpt.index .ckpt.meta .index .pb"),
    /// A model for phones.
    TENSORFLOW_LITE("TensorFlow Lite", "", ".tflite"),
    /// Flax's weights.
    FLAX("Flax (JAX)", "", ".msgpack"),
    /// A model for Apple's devices.
    CORE_ML("Core ML", "", ".mlmodel .mlpackage"),
    /// Arrays of NumPy.
    NUMPY("NumPy", "\u0093NUMPY", ".npy .npz");

    private static final int HEAD = 64;
    private static final String LITE_MARK = "TFL3";

    private final String title;
    private final String marks;
    private final String endings;

    /// @param marks   what files begin with, separated by spaces
    /// @param endings what names end with, separated by spaces
    OtherFormat(String title, String marks, String endings) {
        this.title = title;
        this.marks = marks;
        this.endings = endings;
    }

    /// What a file is, when it is of such a format; reads a few bytes of it.
    ///
    /// @throws io.github.cogvideo4j.formats.UnsafeFileException when it is not a regular file
    public static Optional<OtherFormat> of(Path file) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            ByteBuffer head = RegularFile.read(channel, 0, ByteBuffer.allocate(HEAD));
            byte[] bytes = new byte[head.remaining()];
            head.get(bytes);
            return of(new String(bytes, StandardCharsets.ISO_8859_1), String.valueOf(file.getFileName()));
        }
    }

    private static Optional<OtherFormat> of(String head, String name) {
        if (head.startsWith(LITE_MARK, 4)) {
            return Optional.of(TENSORFLOW_LITE);
        }
        return Arrays.stream(values())
                .filter(format -> words(format.marks).anyMatch(head::startsWith))
                .findFirst()
                .or(() -> ofName(name));
    }

    /// The format whose files are called so.
    public static Optional<OtherFormat> ofName(String name) {
        String small = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(format -> words(format.endings).anyMatch(small::endsWith))
                .findFirst();
    }

    private static Stream<String> words(String separated) {
        return Stream.of(separated.split(" ")).filter(word -> !word.isEmpty());
    }

    /// Refuses a file of such a format.
    ///
    /// @throws UnsupportedFileException `other-format` naming what it is
    public static void refuse(Path file) throws IOException {
        Optional<OtherFormat> format = of(file);
        if (format.isPresent()) {
            throw format.get().refusal(Place.of(file));
        }
    }

    /// The refusal of a file of this format.
    public UnsupportedFileException refusal(Place place) {
        return new UnsupportedFileException(
                ProblemCode.OTHER_FORMAT,
                place,
                this == GGUF || this == GGML ? "formats.container.gguf" : "formats.container.other-format",
                title);
    }

    /// Its name for people.
    public String title() {
        return title;
    }
}
