/// A training run watched: every checkpoint sampled, scored and compared as soon as it is complete.
@NullMarked
package io.github.cogvideo4j.inference.watch;

import org.jspecify.annotations.NullMarked;
