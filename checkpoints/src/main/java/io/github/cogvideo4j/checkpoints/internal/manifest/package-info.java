/// Hashes of files, headers and tensors, as the manifest records them.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.manifest;

import org.jspecify.annotations.NullMarked;
