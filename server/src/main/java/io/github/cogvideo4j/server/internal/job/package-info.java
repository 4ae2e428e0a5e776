/// Jobs as values, and the one service through which the rest of the server reaches them.
@NullMarked
package io.github.cogvideo4j.server.internal.job;

import org.jspecify.annotations.NullMarked;
