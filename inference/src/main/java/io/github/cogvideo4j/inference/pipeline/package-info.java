/// Loaded models that make videos: from a prompt, an image or a video, and back to the noise. Nothing here shows
/// libtorch.
@NullMarked
package io.github.cogvideo4j.inference.pipeline;

import org.jspecify.annotations.NullMarked;
