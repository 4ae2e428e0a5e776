/// The worker: takes jobs from the queue and makes their videos.
@NullMarked
package io.github.cogvideo4j.server.internal.worker;

import org.jspecify.annotations.NullMarked;
