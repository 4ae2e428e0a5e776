/// What the models run on: libtorch, a device, a precision, and the lifetimes of native tensors.
@NullMarked
package io.github.cogvideo4j.inference.internal.runtime;

import org.jspecify.annotations.NullMarked;
