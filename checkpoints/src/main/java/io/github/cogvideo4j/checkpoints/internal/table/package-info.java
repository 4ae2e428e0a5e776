/// What a model's state dict must be called, and what of a file's names is a wrapper around that.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.table;

import org.jspecify.annotations.NullMarked;
