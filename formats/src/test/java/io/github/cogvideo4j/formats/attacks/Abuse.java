package io.github.cogvideo4j.formats.attacks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.cogvideo4j.formats.Expectation;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.internal.pickle.PickleFactory;
import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.StateDict;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// Commits abuses.
final class Abuse {
    private Abuse() {}

    /// Broken fixtures, each of which is refused with the code of its `case.json`.
    static void refusedAsItsCaseSays(String... fixtures) throws IOException {
        for (String fixture : fixtures) {
            Expectation expected = Expectation.broken(fixture)
                    .filter(candidate -> candidate.name().equals(fixture))
                    .findFirst()
                    .orElseThrow();
            assertThat(codes(expected.input())).as(fixture).contains(expected.code());
        }
    }

    private static List<String> codes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> catchThrowable(() -> open(file)))
                    .filter(FormatException.class::isInstance)
                    .map(refused -> ((FormatException) refused).problem().code().id())
                    .toList();
        }
    }

    private static void open(Path file) throws IOException {
        String name = file.getFileName().toString();
        if (name.endsWith(".safetensors")) {
            SafetensorsFile.open(file, Strictness.LENIENT, new Warnings());
        } else if (name.endsWith(".index.json")) {
            WeightIndex.read(file, Strictness.LENIENT, new Warnings());
        } else if (name.endsWith(".pt") || name.endsWith(".bin")) {
            openTorch(file);
        }
    }

    static void openTorch(Path file) throws IOException {
        TorchFile.open(file, new Warnings()).root().asDict().ifPresent(dict -> StateDict.tensors(file, dict));
    }

    /// Refused with this code, and with nothing else.
    static void refused(String code, ThrowingCallable attack) {
        Throwable outcome = catchThrowable(attack);
        assertThat(outcome).isInstanceOf(FormatException.class);
        assertThat(((FormatException) outcome).problem().code().id()).isEqualTo(code);
    }

    /// Reads a pickle in which a character is a byte.
    static PickleValue pickle(CharSequence latin1) {
        return pickle(ByteBuffer.wrap(latin1.toString().getBytes(ISO_8859_1)), PickleLimits.WEIGHTS);
    }

    static PickleValue pickle(ByteBuffer bytes, PickleLimits limits) {
        return PickleReader.read(PickleSource.at(bytes, Place.nowhere(), 0), PickleFactory.INERT, limits)
                .value();
    }

    /// Little-endian bytes as characters.
    static String int32(int value) {
        return new String(
                ByteBuffer.allocate(Integer.BYTES)
                        .putInt(Integer.reverseBytes(value))
                        .array(),
                ISO_8859_1);
    }
}
