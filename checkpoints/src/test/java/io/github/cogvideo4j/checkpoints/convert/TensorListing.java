package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.cast.CastingSink;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;

/// Tensors as `dtype shape sha256`, by name: of a `tensors-*.json` that the reference tools' results were
/// listed in, or of a folder that we read.
record TensorListing(SequencedMap<String, String> tensors) {
    static TensorListing ofReference(Path json) throws IOException {
        SequencedMap<String, String> tensors = new java.util.LinkedHashMap<>();
        JsonFile.readObject(json, 1 << 24, ProblemCode.INDEX_JSON).properties().forEach(entry -> {
            List<Long> sizes = new ArrayList<>();
            for (JsonNode size : entry.getValue().get("shape")) {
                sizes.add(size.longValue());
            }
            tensors.put(
                    entry.getKey(),
                    entry.getValue().get("dtype").stringValue() + " " + new Shape(sizes) + " "
                            + entry.getValue().get("sha256").stringValue());
        });
        return new TensorListing(tensors);
    }

    /// The tensors of a folder of weights, as they are stored.
    static TensorListing ofWeights(Path folder) throws IOException {
        return of(Checkpoints.open(folder, SourceOptions.defaults()), TargetDType.SOURCE);
    }

    /// The same without what accelerate puts before the names of a distributed checkpoint.
    TensorListing unwrapped() {
        SequencedMap<String, String> names = new java.util.LinkedHashMap<>();
        tensors.forEach((name, tensor) -> names.put(name.replaceFirst("^model\\.", ""), tensor));
        return new TensorListing(names);
    }

    /// What a checkpoint's tensors become.
    static TensorListing of(Checkpoint checkpoint, TargetDType dtype) throws IOException {
        SequencedMap<String, String> tensors = new java.util.LinkedHashMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StateEntry entry : checkpoint.entries()) {
                DType target = dtype.of(entry);
                MessageDigest digest = Digests.sha256();
                CastingSink cast = new CastingSink(entry.tensor(), target, digest::update);
                reader.read(entry.tensor(), cast);
                tensors.put(
                        entry.name(),
                        target.torchName() + " " + entry.tensor().shape() + " "
                                + HexFormat.of().formatHex(digest.digest()));
            }
            reader.verifyChecksums();
        }
        return new TensorListing(tensors);
    }
}
