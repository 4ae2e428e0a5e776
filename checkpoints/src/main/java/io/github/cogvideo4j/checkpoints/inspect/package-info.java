/// What is inside a file or a folder, found without executing or loading any of it.
@NullMarked
package io.github.cogvideo4j.checkpoints.inspect;

import org.jspecify.annotations.NullMarked;
