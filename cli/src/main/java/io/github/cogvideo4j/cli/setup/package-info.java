/// Fetching what a setup needs: from a folder, through Maven, or by HTTPS from the repository that Maven would
/// ask. With the requests of `--enhance-prompt` the one place of the program that connects to anywhere, and
/// only when asked to.
@NullMarked
package io.github.cogvideo4j.cli.setup;

import org.jspecify.annotations.NullMarked;
