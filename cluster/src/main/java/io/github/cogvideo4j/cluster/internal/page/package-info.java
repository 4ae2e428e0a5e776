/// The page of a batch's results.
@NullMarked
package io.github.cogvideo4j.cluster.internal.page;

import org.jspecify.annotations.NullMarked;
