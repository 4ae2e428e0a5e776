package io.github.cogvideo4j.checkpoints.fuzz;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// The readers of trainers' checkpoints that meet bytes from strangers. Each gets any bytes as one file of a
/// checkpoint and must plan tensors that lie in their files, or refuse them in words that a terminal can show.
enum SourceFuzzTarget {
    /// A rank's piece in Hugging Face storage, beside a sound one.
    HUB("shard-00001-model-00001-of-00001.safetensors") {
        @Override
        void prepare(Path folder) throws IOException {
            Files.copy(
                    Resources.fixture("hf-dcp-w2/output/step-20/shard-00002-model-00001-of-00001.safetensors"),
                    folder.resolve("shard-00002-model-00001-of-00001.safetensors"));
        }

        @Override
        boolean isSeed(String name) {
            return name.contains("hf-dcp") && name.contains("shard-00001-model-00001");
        }
    },
    /// A rank's file of DTensors, beside a sound one.
    RANKS("model_world_size_2_rank_0.pt") {
        @Override
        void prepare(Path folder) throws IOException {
            Files.copy(
                    Resources.fixture("dtensor-ranks-w2/output/global_step_20/actor/model_world_size_2_rank_1.pt"),
                    folder.resolve("model_world_size_2_rank_1.pt"));
        }

        @Override
        boolean isSeed(String name) {
            return name.contains("model_world_size_2_rank_0.pt");
        }
    },
    /// The table of a distributed checkpoint, beside sound chunks.
    TABLE(".metadata") {
        @Override
        void prepare(Path folder) throws IOException {
            for (String name : List.of("__0_0.distcp", "__1_0.distcp")) {
                Files.copy(
                        Resources.fixture("cogkit-sft-w2/output/checkpoint-2").resolve(name), folder.resolve(name));
            }
        }

        @Override
        boolean isSeed(String name) {
            return name.endsWith("/.metadata");
        }
    },
    /// An adapter with what its header says of rank and alpha.
    ADAPTER("pytorch_lora_weights.safetensors") {
        @Override
        void prepare(Path folder) {}

        @Override
        void read(Path file) throws IOException {
            LoraAdapter.open(file);
        }

        @Override
        boolean isSeed(String name) {
            return name.matches(".*(lora-dialects/.*/|lora_weights/.*/|qlora-w1/output/.*|videoxfun-lora.*/output/.*)"
                            + "[^/]*\\.safetensors")
                    && !name.contains("/base/")
                    && !name.contains("reference");
        }
    },
    /// A file of another program under a name of its own.
    GGUF("weights.gguf") {
        @Override
        void prepare(Path folder) {}

        @Override
        void read(Path file) throws IOException {
            check(Checkpoints.open(file, SourceOptions.defaults()));
        }

        @Override
        boolean isSeed(String name) {
            return name.endsWith(".gguf") || name.contains("other-format");
        }
    };

    private static final long LARGEST_READ = 1 << 16;
    private static final int LARGEST_SEED = 64 << 10;
    private static final int LONGEST_MESSAGE = 20_000;

    private final String file;

    SourceFuzzTarget(String file) {
        this.file = file;
    }

    /// Puts sound files beside the one that is fuzzed.
    abstract void prepare(Path folder) throws IOException;

    /// Whether a fixture's file is a seed.
    abstract boolean isSeed(String name);

    /// Reads the file, or the checkpoint that it is a part of.
    void read(Path input) throws IOException {
        check(Checkpoints.open(input.getParent(), SourceOptions.defaults()));
    }

    /// Gives it some bytes.
    void run(byte[] input, Path folder) throws IOException {
        Path target = folder.resolve(file);
        Files.write(target, input);
        try {
            read(target);
        } catch (FormatException refused) {
            requireSentence(refused.problem());
        } catch (CheckpointException refused) {
            requireSentence(refused.problem());
        }
    }

    /// The files that it starts from, each by its path among the fixtures.
    List<Path> seeds() throws IOException {
        Path root = Resources.fixture("");
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile)
                    .filter(path -> isSeed(root.relativize(path).toString().replace('\\', '/')))
                    .filter(path -> path.toFile().length() <= LARGEST_SEED)
                    .sorted()
                    .toList();
        }
    }

    /// Small tensors give as many bytes as their shapes need.
    private static void check(Checkpoint checkpoint) throws IOException {
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StateEntry entry : checkpoint
                    .entries()
                    .subList(0, Math.min(8, checkpoint.entries().size()))) {
                long needed = entry.tensor().byteLength();
                if (needed <= LARGEST_READ) {
                    AtomicLong bytes = new AtomicLong();
                    reader.read(entry.tensor(), piece -> {
                        bytes.addAndGet(piece.remaining());
                        piece.position(piece.limit());
                    });
                    if (bytes.get() != needed) {
                        throw new AssertionError(entry.tensor() + " gave " + bytes + " bytes");
                    }
                }
            }
        }
    }

    private static void requireSentence(Problem problem) {
        String text = problem.message().text();
        if (text.isBlank() || text.length() > LONGEST_MESSAGE || text.chars().anyMatch(Character::isISOControl)) {
            throw new AssertionError("no sentence to show: " + text);
        }
    }
}
