/// The writer of a planned folder.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.convert;

import org.jspecify.annotations.NullMarked;
