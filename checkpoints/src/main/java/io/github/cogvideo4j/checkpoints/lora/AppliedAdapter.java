package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.source.FusedAdapter;
import java.util.OptionalDouble;

/// An adapter and how strongly it is applied.
///
/// @param adapter the adapter
/// @param scale   how strongly; 1 as trained
/// @param alpha   an alpha that goes before what the adapter records
public record AppliedAdapter(LoraAdapter adapter, double scale, OptionalDouble alpha) {
    /// What a checkpoint tells of it once it is fused.
    FusedAdapter fused() {
        var modules = adapter.content().modules().values();
        int rank = modules.stream()
                .flatMapToInt(module -> module.rank().stream())
                .max()
                .orElse(0);
        double factor = modules.iterator().next().factor(scale, alpha);
        return new FusedAdapter(adapter.file(), modules.size(), rank, scale, alpha, factor);
    }
}
