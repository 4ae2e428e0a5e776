/// The check of a device: whether it computes what the processor does, how fast, and how much of its memory that takes.
@NullMarked
package io.github.cogvideo4j.benchmarks.device;

import org.jspecify.annotations.NullMarked;
