/// Reading and writing the JSON form of requests.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.job;

import org.jspecify.annotations.NullMarked;
