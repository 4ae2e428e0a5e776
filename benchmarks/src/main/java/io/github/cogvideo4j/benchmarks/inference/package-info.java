/// Measures the models against the bare libtorch calls of the same shapes.
@NullMarked
package io.github.cogvideo4j.benchmarks.inference;

import org.jspecify.annotations.NullMarked;
