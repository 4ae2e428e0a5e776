/// The CogVideoX transformer as its configuration describes it: which tensors it has, whether weights fit, and
/// which configuration given weights must have had.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.model;

import org.jspecify.annotations.NullMarked;
