/// `cogvideo serve` from outside: killed at random moments, under load, and for hours.
@NullMarked
package io.github.cogvideo4j.benchmarks.serving;

import org.jspecify.annotations.NullMarked;
