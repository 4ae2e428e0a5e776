/// From a model folder to a video, on libtorch.
@NullMarked
package io.github.cogvideo4j.inference;

import org.jspecify.annotations.NullMarked;
