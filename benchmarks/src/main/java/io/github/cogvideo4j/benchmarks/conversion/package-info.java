/// How long a conversion takes, against the least that its disk traffic takes.
@NullMarked
package io.github.cogvideo4j.benchmarks.conversion;

import org.jspecify.annotations.NullMarked;
