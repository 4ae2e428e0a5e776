package io.github.cogvideo4j.checkpoints.source;

import java.nio.file.Path;
import java.util.OptionalDouble;

/// A LoRA adapter that is part of a checkpoint's weights.
///
/// @param file   its weight file
/// @param layers how many weights it changes
/// @param rank   the largest rank of them
/// @param scale  how strongly it was applied; 1 as trained
/// @param alpha  an alpha that was given, which went before what the adapter records
/// @param factor what the product of its first layer was multiplied by
public record FusedAdapter(Path file, int layers, int rank, double scale, OptionalDouble alpha, double factor) {}
