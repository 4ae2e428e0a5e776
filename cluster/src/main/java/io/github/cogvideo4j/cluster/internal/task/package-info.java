/// What one row makes, and how.
@NullMarked
package io.github.cogvideo4j.cluster.internal.task;

import org.jspecify.annotations.NullMarked;
