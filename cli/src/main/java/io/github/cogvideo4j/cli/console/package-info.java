/// Everything that is printed goes through here: text, colours, progress, JSON. What comes from files is
/// cleaned of control characters on the way.
@NullMarked
package io.github.cogvideo4j.cli.console;

import org.jspecify.annotations.NullMarked;
