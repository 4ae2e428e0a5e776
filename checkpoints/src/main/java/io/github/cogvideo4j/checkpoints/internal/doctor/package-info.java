/// Examining a path rule by rule.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.doctor;

import org.jspecify.annotations.NullMarked;
