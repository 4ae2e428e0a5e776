/// A server of generated videos: an HTTP API, a page, and the queue and the workers behind them.
@NullMarked
package io.github.cogvideo4j.server;

import org.jspecify.annotations.NullMarked;
