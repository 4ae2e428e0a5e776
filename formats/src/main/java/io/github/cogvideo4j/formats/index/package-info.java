/// The size that weights are split at.
@NullMarked
package io.github.cogvideo4j.formats.index;

import org.jspecify.annotations.NullMarked;
