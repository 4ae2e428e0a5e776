@NullMarked
package io.github.cogvideo4j.server.internal.files;

import org.jspecify.annotations.NullMarked;
