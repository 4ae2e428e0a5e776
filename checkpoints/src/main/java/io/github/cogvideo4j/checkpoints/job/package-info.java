/// Work as a value: a request that can be written down, a plan, events while it runs, cancellation, and a result whose
/// files are in place.
@NullMarked
package io.github.cogvideo4j.checkpoints.job;

import org.jspecify.annotations.NullMarked;
