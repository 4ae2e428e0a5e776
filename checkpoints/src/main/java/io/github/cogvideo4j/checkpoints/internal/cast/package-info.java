/// Elements from one dtype to another, as torch casts them, and what is noticed of their values on the way.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.cast;

import org.jspecify.annotations.NullMarked;
