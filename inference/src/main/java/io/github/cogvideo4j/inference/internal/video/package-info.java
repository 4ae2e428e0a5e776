/// FFmpeg: frames decoded one after the other, converted, and measured by its filters.
@NullMarked
package io.github.cogvideo4j.inference.internal.video;

import org.jspecify.annotations.NullMarked;
