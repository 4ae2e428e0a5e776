/// The comparison as one self-contained web page.
@NullMarked
package io.github.cogvideo4j.checkpoints.inspect.page;

import org.jspecify.annotations.NullMarked;
