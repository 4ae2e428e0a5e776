/// What inference needs of the machine, and whether it is here.
@NullMarked
package io.github.cogvideo4j.inference.system;

import org.jspecify.annotations.NullMarked;
