/// The program `cogvideo`: starts, reads the command line, runs one command, ends with an exit code.
@NullMarked
package io.github.cogvideo4j.cli;

import org.jspecify.annotations.NullMarked;
