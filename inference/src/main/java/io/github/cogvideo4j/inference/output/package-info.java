/// Results on the disk: complete under their name, or not there.
@NullMarked
package io.github.cogvideo4j.inference.output;

import org.jspecify.annotations.NullMarked;
