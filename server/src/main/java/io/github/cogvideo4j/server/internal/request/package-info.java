/// Requests of clients: what they may say, and what is made of it.
@NullMarked
package io.github.cogvideo4j.server.internal.request;

import org.jspecify.annotations.NullMarked;
