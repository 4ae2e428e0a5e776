/// The run of a batch: which rows are left, in which order, and what became of each.
@NullMarked
package io.github.cogvideo4j.cluster.internal.run;

import org.jspecify.annotations.NullMarked;
