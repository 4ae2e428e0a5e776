/// What a watch keeps between checkpoints, and how it tells of them.
@NullMarked
package io.github.cogvideo4j.inference.internal.watch;

import org.jspecify.annotations.NullMarked;
