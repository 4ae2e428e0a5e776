package io.github.cogvideo4j.formats.internal.index;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// An index and the shards that it names, read together, with everything in which they disagree.
///
/// Nothing is thrown for a disagreement: the doctor reports them all, and a converter stops at [#firstError()].
///
/// @param tensors  the tensors, by shard and then in the shard's order
/// @param errors   why the set is not complete: `missing-shard`, `missing-tensor`, a shard that cannot be read
/// @param warnings what is wrong although every tensor was found: `index-mismatch`, `index-total-size`
public record ShardedWeights(List<StoredTensor> tensors, List<Problem> errors, List<Problem> warnings) {
    /// Opens one shard.
    @FunctionalInterface
    public interface ShardOpener {
        /// The tensors of a file.
        ///
        /// @throws FormatException when it cannot be read
        List<StoredTensor> open(Path shard) throws IOException;
    }

    /// Copies the lists.
    public ShardedWeights {
        tensors = List.copyOf(tensors);
        errors = List.copyOf(errors);
        warnings = List.copyOf(warnings);
    }

    /// Opens every shard that an index names, and compares.
    ///
    /// @param indexFile where the index is; the shards lie beside it
    /// @param index     its contents
    /// @param opener    opens a shard
    /// @throws IOException when the disk fails
    public static ShardedWeights resolve(Path indexFile, WeightIndex index, ShardOpener opener) throws IOException {
        Resolution resolution = new Resolution(indexFile, index);
        resolution.open(opener);
        return resolution.compare();
    }

    /// The first reason for which the set is not complete.
    public Optional<Problem> firstError() {
        return errors.stream().findFirst();
    }

    private static final class Resolution {
        private final Place place;
        private final Path indexFile;
        private final WeightIndex index;
        private final Map<String, List<StoredTensor>> shards = new LinkedHashMap<>();
        private final Map<String, List<String>> holders = new LinkedHashMap<>();
        private final List<StoredTensor> tensors = new ArrayList<>();
        private final List<Problem> errors = new ArrayList<>();
        private final List<Problem> warnings = new ArrayList<>();

        Resolution(Path indexFile, WeightIndex index) {
            this.place = Place.of(indexFile);
            this.indexFile = indexFile;
            this.index = index;
        }

        void open(ShardOpener opener) throws IOException {
            for (String name : index.shards()) {
                Path shard = indexFile.resolveSibling(name);
                if (!Files.exists(shard)) {
                    errors.add(Problem.of(ProblemCode.MISSING_SHARD, place, "formats.index.missing-shard", name));
                } else if (!Files.isRegularFile(shard)) {
                    errors.add(Problem.of(ProblemCode.UNSAFE_PATH, place, "formats.index.shard-not-a-file", name));
                } else {
                    open(name, shard, opener);
                }
            }
        }

        private void open(String name, Path shard, ShardOpener opener) throws IOException {
            try {
                List<StoredTensor> held = opener.open(shard);
                shards.put(name, held);
                held.forEach(tensor -> holders.computeIfAbsent(tensor.name(), unseen -> new ArrayList<>())
                        .add(name));
            } catch (FormatException e) {
                errors.add(e.problem());
            }
        }

        ShardedWeights compare() {
            Set<String> taken = new HashSet<>();
            shards.forEach((shard, held) -> held.forEach(tensor -> {
                if (isHere(tensor.name(), shard) && taken.add(tensor.name())) {
                    tensors.add(tensor);
                }
            }));
            holders.forEach(this::compareHolders);
            index.weightMap().forEach((tensor, shard) -> {
                if (!holders.containsKey(tensor) && shards.containsKey(shard)) {
                    report(errors, ProblemCode.MISSING_TENSOR, tensor, "formats.index.missing-tensor", tensor, shard);
                }
            });
            if (errors.isEmpty()) {
                compareTotalSize();
            }
            return new ShardedWeights(tensors, errors, warnings);
        }

        /// Whether this shard's tensor is the one to take: the index says so, or no other shard has it.
        private boolean isHere(String tensor, String shard) {
            List<String> holding = holders.getOrDefault(tensor, List.of());
            String declared = index.weightMap().getOrDefault(tensor, "");
            return shard.equals(declared) || !holding.contains(declared);
        }

        private void compareHolders(String tensor, List<String> holding) {
            String declared = index.weightMap().getOrDefault(tensor, "");
            List<String> where = holding;
            if (holding.size() > 1) {
                boolean decided = holding.contains(declared);
                report(
                        decided ? warnings : errors,
                        ProblemCode.INDEX_MISMATCH,
                        tensor,
                        "formats.index.tensor-in-several-shards",
                        tensor,
                        where);
            } else if (declared.isEmpty()) {
                report(warnings, ProblemCode.INDEX_MISMATCH, tensor, "formats.index.tensor-omitted", tensor, where);
            } else if (!holding.contains(declared)) {
                report(
                        warnings,
                        ProblemCode.INDEX_MISMATCH,
                        tensor,
                        "formats.index.wrong-shard",
                        tensor,
                        declared,
                        where);
            }
        }

        private void compareTotalSize() {
            if (index.totalSize().isEmpty()) {
                return;
            }
            long declared = index.totalSize().getAsLong();
            long everyTensor =
                    tensors.stream().mapToLong(StoredTensor::byteLength).sum();
            // Writers count a storage once, however many tensors share it.
            long everyStorage = tensors.stream()
                    .flatMap(tensor -> tensor.storages().stream())
                    .distinct()
                    .mapToLong(Storage::length)
                    .sum();
            if (declared != everyTensor && declared != everyStorage) {
                warnings.add(Problem.of(
                        ProblemCode.INDEX_TOTAL_SIZE, place, "formats.index.total-size", declared, everyTensor));
            }
        }

        private void report(List<Problem> problems, ProblemCode code, String tensor, String key, Object... arguments) {
            problems.add(Problem.of(code, place.tensor(tensor), key, arguments));
        }
    }
}
