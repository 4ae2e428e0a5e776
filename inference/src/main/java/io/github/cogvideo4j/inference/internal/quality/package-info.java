/// Measures of how like two videos are.
@NullMarked
package io.github.cogvideo4j.inference.internal.quality;

import org.jspecify.annotations.NullMarked;
