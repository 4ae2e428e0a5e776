/// The names of weight files.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.layout;

import org.jspecify.annotations.NullMarked;
