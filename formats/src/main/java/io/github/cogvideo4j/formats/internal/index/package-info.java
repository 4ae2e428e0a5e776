/// Weights that are spread over several files: the index that names them, the rule that spreads them, the names of
/// those files, and the way back.
@NullMarked
package io.github.cogvideo4j.formats.internal.index;

import org.jspecify.annotations.NullMarked;
