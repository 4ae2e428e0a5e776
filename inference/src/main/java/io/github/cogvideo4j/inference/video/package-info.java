/// Videos and images: frames in memory, the files that they are read from, and the files that they are
/// written to.
@NullMarked
package io.github.cogvideo4j.inference.video;

import org.jspecify.annotations.NullMarked;
