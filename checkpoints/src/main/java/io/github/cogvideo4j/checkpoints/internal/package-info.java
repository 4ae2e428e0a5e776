/// The version of this build.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal;

import org.jspecify.annotations.NullMarked;
