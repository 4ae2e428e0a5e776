/// What a client asked for, as values.
@NullMarked
package io.github.cogvideo4j.server.internal.request;

import org.jspecify.annotations.NullMarked;
