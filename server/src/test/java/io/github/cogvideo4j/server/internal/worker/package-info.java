@NullMarked
package io.github.cogvideo4j.server.internal.worker;

import org.jspecify.annotations.NullMarked;
