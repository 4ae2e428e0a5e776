/// What `torch.save` writes, read without torch: the ZIP container, the legacy container before it, and the
/// tensors that their pickles describe. Opening a file reads headers and the pickle; tensors stay where they
/// are.
@NullMarked
package io.github.cogvideo4j.formats.internal.torch;

import org.jspecify.annotations.NullMarked;
