/// Completion of the command line in shells, made from the parser's model when a distribution is packaged.
@NullMarked
package io.github.cogvideo4j.cli.completion;

import org.jspecify.annotations.NullMarked;
