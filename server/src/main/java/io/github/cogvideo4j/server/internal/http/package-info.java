/// The API over HTTP: routes, answers, files, events.
@NullMarked
package io.github.cogvideo4j.server.internal.http;

import org.jspecify.annotations.NullMarked;
