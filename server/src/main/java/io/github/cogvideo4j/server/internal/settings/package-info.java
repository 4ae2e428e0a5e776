/// Settings of the server: from options, a file and the environment to values.
@NullMarked
package io.github.cogvideo4j.server.internal.settings;

import org.jspecify.annotations.NullMarked;
