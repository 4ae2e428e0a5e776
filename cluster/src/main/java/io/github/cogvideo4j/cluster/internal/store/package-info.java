/// The folder that a batch fills: files that are whole or absent, the manifest, the lock.
@NullMarked
package io.github.cogvideo4j.cluster.internal.store;

import org.jspecify.annotations.NullMarked;
