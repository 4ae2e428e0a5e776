/// The commands. Each is thin: it takes the options, calls the library and prints the result.
@NullMarked
package io.github.cogvideo4j.cli.command;

import org.jspecify.annotations.NullMarked;
