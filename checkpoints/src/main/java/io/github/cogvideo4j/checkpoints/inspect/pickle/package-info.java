/// Every pickle in a file or a folder, opcode by opcode, with a verdict on each name it mentions.
@NullMarked
package io.github.cogvideo4j.checkpoints.inspect.pickle;

import org.jspecify.annotations.NullMarked;
