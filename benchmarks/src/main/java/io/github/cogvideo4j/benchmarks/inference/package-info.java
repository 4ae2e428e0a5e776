/// How fast models compute, against what their heaviest operations take alone.
@NullMarked
package io.github.cogvideo4j.benchmarks.inference;

import org.jspecify.annotations.NullMarked;
