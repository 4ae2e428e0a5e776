/// What can be wrong with a file or a folder: a stable code, the place, and a message in the user's language.
/// The same vocabulary serves exceptions, warnings and the doctor's findings.
@NullMarked
package io.github.cogvideo4j.formats.problem;

import org.jspecify.annotations.NullMarked;
