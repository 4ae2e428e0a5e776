/// Small JSON files, read with bounds.
@NullMarked
package io.github.cogvideo4j.formats.json;

import org.jspecify.annotations.NullMarked;
