/// Checkpoints of SAT, the trainer that CogVideo itself was made with: other names for the same tensors, some
/// of them fused. What is fused is taken apart by extents, so nothing is computed and nothing is held in
/// memory.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.source.sat;

import org.jspecify.annotations.NullMarked;
