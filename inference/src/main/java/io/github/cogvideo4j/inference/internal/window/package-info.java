/// Windows over the frames of a long video: which there are at a step, and how their predictions become one.
@NullMarked
package io.github.cogvideo4j.inference.internal.window;

import org.jspecify.annotations.NullMarked;
