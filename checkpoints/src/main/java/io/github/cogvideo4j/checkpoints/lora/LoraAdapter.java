package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/// A LoRA adapter that has been opened: its factors as descriptions, for each weight that it adapts. Nothing
/// is read but headers and the few bytes of recorded alphas.
///
/// @param file    the file
/// @param layers  the adaptations by the key of the adapted weight, in the file's order
/// @param skipped keys of a text encoder's adapter, which are left out
/// @param files   the files that were read, with the identity they had
/// @param remarks what is worth saying but stops nothing
public record LoraAdapter(
        Path file,
        SequencedMap<String, LoraLayer> layers,
        List<String> skipped,
        Map<Path, FileIdentity> files,
        List<Problem> remarks) {
    /// No alpha in use is anywhere near; beyond it, a number is a mistake.
    static final double LARGEST_ALPHA = 1e6;

    /// Copies the collections.
    public LoraAdapter {
        layers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(layers));
        skipped = List.copyOf(skipped);
        files = new TreeMap<>(files);
        remarks = List.copyOf(remarks);
    }

    /// Opens an adapter.
    ///
    /// @param path the file, or a folder that holds `pytorch_lora_weights.safetensors` (a `checkpoint-N` of
    ///             the trainer) or PEFT's `adapter_model.safetensors`
    /// @throws io.github.cogvideo4j.formats.FormatException when the file is damaged
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException when it is no adapter, or not a
    ///     whole one: `not-weights` (no adapter at all, or its matrices are empty), `missing-tensor`,
    ///     `extra-tensor`, `shape-mismatch`, `duplicate-weights`, `unsupported-tensor`, `lora-alpha`
    public static LoraAdapter open(Path path) throws IOException {
        return LoraAdapterReader.read(path);
    }

    /// Whether an alpha is recorded for every weight.
    public boolean recordsAlpha() {
        return layers.values().stream().allMatch(layer -> layer.alpha().isPresent());
    }

    /// The largest rank; mostly all layers have the same.
    public int rank() {
        return layers.values().stream().mapToInt(LoraLayer::rank).max().orElse(0);
    }

    /// The bytes of all factors.
    public long byteLength() {
        return layers.values().stream()
                .mapToLong(layer -> length(layer.a()) + length(layer.b()))
                .sum();
    }

    private static long length(StoredTensor tensor) {
        return tensor.byteLength();
    }
}
