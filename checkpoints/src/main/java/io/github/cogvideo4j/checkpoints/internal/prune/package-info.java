/// What a run's checkpoints cost and how they go: proven first, then moved, and deleted only on request.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.prune;

import org.jspecify.annotations.NullMarked;
