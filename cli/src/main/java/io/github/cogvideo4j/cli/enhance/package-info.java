/// Prompts made richer by a language model that the user names: the one place of the program that connects to
/// anywhere, and only when it is asked to.
@NullMarked
package io.github.cogvideo4j.cli.enhance;

import org.jspecify.annotations.NullMarked;
