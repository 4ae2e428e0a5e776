/// Who may ask: keys, sessions of browsers, signed addresses, rates, and where a request comes from.
@NullMarked
package io.github.cogvideo4j.server.internal.security;

import org.jspecify.annotations.NullMarked;
