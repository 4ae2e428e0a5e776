/// From the words on the command line to options: argument files, spellings, languages, values that are one of
/// a few, and the options that commands share.
@NullMarked
package io.github.cogvideo4j.cli.arguments;

import org.jspecify.annotations.NullMarked;
