/// The identity of a file on the disk, by which a file that was replaced is told from the one that was
/// read.
@NullMarked
package io.github.cogvideo4j.formats.internal.tensor;

import org.jspecify.annotations.NullMarked;
