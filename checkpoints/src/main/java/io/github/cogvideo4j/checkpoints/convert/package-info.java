/// From a planned state dict to the folder that inference loads: the plan, the writer, publication, the
/// manifest.
@NullMarked
package io.github.cogvideo4j.checkpoints.convert;

import org.jspecify.annotations.NullMarked;
