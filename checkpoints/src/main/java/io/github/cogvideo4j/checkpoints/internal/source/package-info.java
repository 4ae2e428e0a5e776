/// Locating a checkpoint, and reading sets of plain weights.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.source;

import org.jspecify.annotations.NullMarked;
