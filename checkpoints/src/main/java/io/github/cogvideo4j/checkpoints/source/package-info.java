/// What a path holds, and where every tensor of its state dict lies: one planner per kind of checkpoint, all of
/// them pure.
@NullMarked
package io.github.cogvideo4j.checkpoints.source;

import org.jspecify.annotations.NullMarked;
