/// A generation with its files: inputs, previews, latents, what the model is.
@NullMarked
package io.github.cogvideo4j.inference.internal.job;

import org.jspecify.annotations.NullMarked;
