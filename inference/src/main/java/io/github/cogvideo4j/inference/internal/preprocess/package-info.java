/// From pixels to the tensors that models take, and back.
@NullMarked
package io.github.cogvideo4j.inference.internal.preprocess;

import org.jspecify.annotations.NullMarked;
