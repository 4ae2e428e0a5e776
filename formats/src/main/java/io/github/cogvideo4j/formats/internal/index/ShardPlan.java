package io.github.cogvideo4j.formats.internal.index;

import io.github.cogvideo4j.formats.index.ShardSize;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The assignment of tensors to files.
///
/// The rule is huggingface_hub's (`split_state_dict_into_shards_factory`), so that shards have the same
/// contents as those of the usual tools: tensors are taken in the order of the state dict, and a file is closed
/// when the next tensor does not fit. There is no packing.
///
/// @param shards    the files, in order
/// @param totalSize the bytes of all tensors; those that share a storage count once
public record ShardPlan(List<Shard> shards, long totalSize) {
    /// One file.
    ///
    /// @param fileName its name
    /// @param tensors  its tensors
    public record Shard(String fileName, List<String> tensors) {
        /// Copies the list.
        public Shard {
            tensors = List.copyOf(tensors);
        }
    }

    /// A tensor to be placed.
    ///
    /// @param name    its key
    /// @param bytes   the bytes of its storage
    /// @param storage what stands for its storage: tensors with equal values here share it
    public record Item(String name, long bytes, Object storage) {
        /// A tensor that shares its storage with no other.
        public static Item alone(String name, long bytes) {
            return new Item(name, bytes, new Object());
        }
    }

    /// Copies the list.
    public ShardPlan {
        shards = List.copyOf(shards);
    }

    /// Splits a state dict.
    ///
    /// @param items the tensors, in the order of the state dict
    /// @param limit the most that a file may hold; a larger tensor gets a file of its own
    /// @param names how files are called
    public static ShardPlan of(List<Item> items, ShardSize limit, ShardNames names) {
        List<List<String>> files = new ArrayList<>();
        Map<Object, List<String>> sharing = new LinkedHashMap<>();
        List<String> current = new ArrayList<>();
        long filled = 0;
        long total = 0;
        for (Item item : items) {
            List<String> together = sharing.computeIfAbsent(item.storage(), unseen -> new ArrayList<>());
            together.add(item.name());
            if (together.size() > 1) {
                continue;
            }
            total = Math.addExact(total, item.bytes());
            if (item.bytes() > limit.bytes()) {
                // At once, and so before the file that is being filled.
                files.add(List.of(item.name()));
                continue;
            }
            if (filled > limit.bytes() - item.bytes()) {
                files.add(current);
                current = new ArrayList<>();
                filled = 0;
            }
            current.add(item.name());
            filled += item.bytes();
        }
        if (!current.isEmpty() || files.isEmpty()) {
            files.add(current);
        }
        return new ShardPlan(named(withSharing(files, sharing), names), total);
    }

    /// The index of these files; none when there is only one.
    public Optional<WeightIndex> index() {
        if (shards.size() == 1) {
            return Optional.empty();
        }
        Map<String, String> weightMap = new LinkedHashMap<>();
        shards.forEach(shard -> shard.tensors().forEach(tensor -> weightMap.put(tensor, shard.fileName())));
        return Optional.of(new WeightIndex(OptionalLong.of(totalSize), weightMap));
    }

    /// Puts tensors beside the one whose storage they share.
    private static List<List<String>> withSharing(List<List<String>> files, Map<Object, List<String>> sharing) {
        Map<String, List<String>> byFirst = new LinkedHashMap<>();
        sharing.values().forEach(together -> byFirst.put(together.getFirst(), together));
        return files.stream()
                .map(file -> file.stream()
                        .flatMap(first -> byFirst.getOrDefault(first, List.of()).stream())
                        .toList())
                .toList();
    }

    private static List<Shard> named(List<List<String>> files, ShardNames names) {
        List<Shard> shards = new ArrayList<>();
        for (List<String> file : files) {
            String name = files.size() == 1 ? names.single() : names.shard(shards.size() + 1, files.size());
            shards.add(new Shard(name, file));
        }
        return shards;
    }
}
