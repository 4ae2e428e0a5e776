/// Measurements of the library, run from scripts.
@NullMarked
package io.github.cogvideo4j.benchmarks;

import org.jspecify.annotations.NullMarked;
