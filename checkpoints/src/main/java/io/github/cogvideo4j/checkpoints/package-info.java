/// Training checkpoints: what they are, where every tensor's bytes lie, and the folder that inference loads.
@NullMarked
package io.github.cogvideo4j.checkpoints;

import org.jspecify.annotations.NullMarked;
