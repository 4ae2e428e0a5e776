@NullMarked
package io.github.cogvideo4j.server.internal.engine;

import org.jspecify.annotations.NullMarked;
