/// Proof that a converted folder is what it should be: intact by its manifest, equal to its source to the bit.
@NullMarked
package io.github.cogvideo4j.checkpoints.verify;

import org.jspecify.annotations.NullMarked;
