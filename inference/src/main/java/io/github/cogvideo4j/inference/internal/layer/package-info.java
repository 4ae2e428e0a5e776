/// The layers that the models share.
@NullMarked
package io.github.cogvideo4j.inference.internal.layer;

import org.jspecify.annotations.NullMarked;
