/// The rows of a batch: files of them, what they may say, and what they expand to.
@NullMarked
package io.github.cogvideo4j.cluster.internal.row;

import org.jspecify.annotations.NullMarked;
