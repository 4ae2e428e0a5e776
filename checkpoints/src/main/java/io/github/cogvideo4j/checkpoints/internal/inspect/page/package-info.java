/// Pieces of the HTML page that shows a comparison.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import org.jspecify.annotations.NullMarked;
