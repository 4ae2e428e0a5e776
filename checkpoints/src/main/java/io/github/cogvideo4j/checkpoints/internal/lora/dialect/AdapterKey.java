package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

/// A name in an adapter's file, taken apart: which module it changes, and which part of the change it is.
///
/// @param module    the module, as the file spells it without what the dialect puts around it
/// @param flattened whether the module's dots were written as underscores, so that only a model's own names
///                  tell where they were
/// @param part      which part
public record AdapterKey(String module, boolean flattened, AdapterPart part) {}
