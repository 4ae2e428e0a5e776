/// The files of a generation: how they are called, and the record that makes a video again.
@NullMarked
package io.github.cogvideo4j.cli.generation;

import org.jspecify.annotations.NullMarked;
