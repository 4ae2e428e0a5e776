/// Verifying folders: files against the manifest, tensors against their source, element by element.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.verify;

import org.jspecify.annotations.NullMarked;
