@NullMarked
package io.github.cogvideo4j.cluster;

import org.jspecify.annotations.NullMarked;
