/// What devices say of themselves.
@NullMarked
package io.github.cogvideo4j.inference.internal.system;

import org.jspecify.annotations.NullMarked;
