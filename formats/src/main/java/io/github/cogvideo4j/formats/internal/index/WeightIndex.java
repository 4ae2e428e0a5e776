package io.github.cogvideo4j.formats.internal.index;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.CodePointOrder;
import io.github.cogvideo4j.formats.internal.JsonPull;
import io.github.cogvideo4j.formats.internal.JsonStrings;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;

/// The index beside sharded weights (`*.index.json`): which file holds which tensor.
///
/// Other entries of the file's `metadata` are not kept: no reader needs them.
///
/// @param totalSize the bytes of all tensors, when recorded
/// @param weightMap the file of each tensor: plain names, in the order of the file
public record WeightIndex(OptionalLong totalSize, Map<String, String> weightMap) {
    static final long LONGEST = 64L << 20;

    /// Copies the map.
    ///
    /// @throws IllegalArgumentException when a file name is not plain; names from files go through [#read]
    public WeightIndex {
        weightMap = Collections.unmodifiableMap(new LinkedHashMap<>(weightMap));
        weightMap.values().stream().distinct().forEach(PlainFileName::new);
    }

    /// Reads an index.
    ///
    /// @param file       the index
    /// @param strictness what becomes of duplicate keys; lenient takes the last of each, as other readers do
    /// @param warnings   where warnings go
    /// @throws MalformedFileException `index-json`
    /// @throws UnsafeFileException `unsafe-path` when a shard's name would leave the folder
    public static WeightIndex read(Path file, Strictness strictness, Warnings warnings) throws IOException {
        Place place = Place.of(file);
        try (FileChannel channel = RegularFile.open(file)) {
            if (channel.size() > LONGEST) {
                throw new MalformedFileException(
                        ProblemCode.INDEX_JSON, place, "formats.index.too-large", channel.size(), LONGEST);
            }
            try (InputStream stream = Channels.newInputStream(channel);
                    JsonPull json = new JsonPull(stream, ProblemCode.INDEX_JSON, place)) {
                return new IndexParser(json, place, strictness, warnings).parse();
            }
        }
    }

    /// The shards' names, sorted.
    public SortedSet<String> shards() {
        SortedSet<String> names = new TreeSet<>(CodePointOrder.INSTANCE);
        names.addAll(weightMap.values());
        return Collections.unmodifiableSortedSet(names);
    }

    /// The index as UTF-8 JSON, byte for byte as Python's `json.dumps(index, indent=2, sort_keys=True) + "\n"`:
    /// what diffusers, DeepSpeed and CogVideo write.
    public byte[] toJson() {
        StringBuilder json = new StringBuilder("{\n  \"metadata\": {");
        totalSize.ifPresent(
                size -> json.append("\n    \"total_size\": ").append(size).append("\n  "));
        json.append("},\n  \"weight_map\": {");
        JsonStrings.ASCII.appendMembers(json, weightMap, "\n    ");
        json.append(weightMap.isEmpty() ? "}\n}\n" : "\n  }\n}\n");
        return json.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
