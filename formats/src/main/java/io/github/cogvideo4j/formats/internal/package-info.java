/// Pieces that several formats share. Not for use outside this module.
@NullMarked
package io.github.cogvideo4j.formats.internal;

import org.jspecify.annotations.NullMarked;
