/// How weights are split over several files, and how those files are named.
@NullMarked
package io.github.cogvideo4j.formats.internal.index;

import org.jspecify.annotations.NullMarked;
