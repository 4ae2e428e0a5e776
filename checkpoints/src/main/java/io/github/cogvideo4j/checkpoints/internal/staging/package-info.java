/// A folder that is whole under its name, or not there: made beside the target, synced, renamed.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.staging;

import org.jspecify.annotations.NullMarked;
