package io.github.cogvideo4j.formats.fuzz;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.internal.pickle.PickleDisassembler;
import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/// The readers that meet bytes from strangers. Each gets any bytes at all and must read them, with everything
/// that it then promises being true, or refuse them with a [FormatException]. Anything else is a finding.
enum FuzzTarget {
    /// The header of a safetensors file, and the tensors that it describes.
    SAFETENSORS {
        @Override
        void read(Path file) throws IOException {
            Checks.tensors(SafetensorsFile.open(file, Strictness.LENIENT, new Warnings())
                    .tensors());
        }
    },
    /// The ZIP directory of `torch.save`, and the tensors behind it.
    ZIP {
        @Override
        void read(Path file) throws IOException {
            Checks.torch(TorchFile.open(file, new Warnings()));
        }
    },
    /// The container of torch before 1.6, with torch's own meaning of the pickles in it.
    LEGACY {
        @Override
        void read(Path file) throws IOException {
            Checks.torch(TorchFile.open(file, new Warnings()));
        }
    },
    /// The pickle interpreter and the disassembler, alone.
    PICKLE {
        @Override
        void read(Path file) throws IOException {
            PickleSource source = PickleSource.at(ByteBuffer.wrap(Files.readAllBytes(file)), Place.of(file), 0);
            contract(() -> PickleDisassembler.disassemble(
                    source, PickleLimits.WEIGHTS, line -> line.argument().ifPresent(Object::toString)));
            Checks.inert(PickleReader.read(source).value());
        }
    },
    /// The index beside sharded weights; the same bytes also go to the reader of small JSON files.
    INDEX {
        @Override
        void read(Path file) throws IOException {
            contract(() -> JsonFile.format(JsonFile.readObject(file, 1 << 20, ProblemCode.CONFIG_INVALID)));
            Checks.index(WeightIndex.read(file, Strictness.LENIENT, new Warnings()));
        }
    };

    private static final int LONGEST_MESSAGE = 20_000;

    /// Reads a file and checks what was read.
    abstract void read(Path file) throws IOException;

    /// The target of this name, as the script and the folders spell it.
    static FuzzTarget named(String name) {
        return valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }

    /// The name of its folders.
    String folder() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /// Gives it some bytes.
    ///
    /// @param scratch the file that they are written to first: readers read files
    void run(byte[] input, Path scratch) throws IOException {
        Files.write(scratch, input);
        contract(() -> read(scratch));
    }

    /// A step that may read, or refuse in words that a terminal can show.
    interface Step {
        void take() throws IOException;
    }

    static void contract(Step step) throws IOException {
        try {
            step.take();
        } catch (FormatException refused) {
            String text = refused.problem().message().text();
            if (text.isBlank()
                    || text.length() > LONGEST_MESSAGE
                    || text.chars().anyMatch(Character::isISOControl)
                    || text.startsWith("formats.")) {
                throw new AssertionError("no sentence to show: " + text, refused);
            }
        }
    }
}
