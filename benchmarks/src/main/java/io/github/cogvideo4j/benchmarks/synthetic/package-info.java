/// Checkpoints of any size in the structure of real ones, made without training.
@NullMarked
package io.github.cogvideo4j.benchmarks.synthetic;

import org.jspecify.annotations.NullMarked;
