/// From a planned state dict to the folder that inference loads: the plan and the writer.
@NullMarked
package io.github.cogvideo4j.checkpoints.convert;

import org.jspecify.annotations.NullMarked;
