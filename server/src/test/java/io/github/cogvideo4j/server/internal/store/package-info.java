@NullMarked
package io.github.cogvideo4j.server.internal.store;

import org.jspecify.annotations.NullMarked;
