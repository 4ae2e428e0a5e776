package io.github.cogvideo4j.checkpoints.lora;

import java.util.List;

/// How much of an adapter a model has a place for.
///
/// @param modules how many modules the adapter adapts
/// @param bound   how many of them the model has
/// @param unbound those that it does not have, as the file names them
public record LoraBinding(int modules, int bound, List<String> unbound) {
    /// Copies the list.
    public LoraBinding {
        unbound = List.copyOf(unbound);
    }
}
