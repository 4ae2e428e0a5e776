/// What a file is, judged by its first bytes and not by its name, and which names inside files may be followed.
@NullMarked
package io.github.cogvideo4j.formats.internal.container;

import org.jspecify.annotations.NullMarked;
