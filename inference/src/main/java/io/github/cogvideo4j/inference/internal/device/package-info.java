/// What a device needs besides the computation itself: settings of its libraries, the way of weights to it, and what
/// is done when its memory is used up.
@NullMarked
package io.github.cogvideo4j.inference.internal.device;

import org.jspecify.annotations.NullMarked;
