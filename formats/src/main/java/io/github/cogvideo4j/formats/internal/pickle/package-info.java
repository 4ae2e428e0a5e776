/// Pickles read as data. A pickle is a program for Python's unpickler; here its opcodes build inert values,
/// nothing it names is imported or called, and a name outside [AllowedGlobals] ends the reading.
@NullMarked
package io.github.cogvideo4j.formats.internal.pickle;

import org.jspecify.annotations.NullMarked;
