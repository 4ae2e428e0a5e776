/// How a run ends: the exit codes, and what an exception means to the person at the terminal.
@NullMarked
package io.github.cogvideo4j.cli.outcome;

import org.jspecify.annotations.NullMarked;
