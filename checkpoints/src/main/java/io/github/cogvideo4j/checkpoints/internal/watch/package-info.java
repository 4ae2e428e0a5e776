/// The checkpoints of a run that goes on: seen when they are complete, and what their trainers tell of them.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.watch;

import org.jspecify.annotations.NullMarked;
