/// Says what is wrong with a folder or a file, and what to do about it.
@NullMarked
package io.github.cogvideo4j.checkpoints.doctor;

import org.jspecify.annotations.NullMarked;
