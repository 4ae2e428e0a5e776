/// Tensors as descriptions: name, dtype, shape, and where the bytes lie. Nothing here holds a tensor in memory.
@NullMarked
package io.github.cogvideo4j.formats.tensor;

import org.jspecify.annotations.NullMarked;
