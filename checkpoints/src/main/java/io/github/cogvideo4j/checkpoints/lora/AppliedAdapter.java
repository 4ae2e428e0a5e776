package io.github.cogvideo4j.checkpoints.lora;

import java.util.OptionalDouble;

/// An adapter and how strongly it is applied.
///
/// @param adapter the adapter
/// @param scale   how strongly; 1 as trained
/// @param alpha   an alpha that goes before what the adapter records
public record AppliedAdapter(LoraAdapter adapter, double scale, OptionalDouble alpha) {}
