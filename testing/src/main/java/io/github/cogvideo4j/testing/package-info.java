/// The test resources, which live in this module once, and the way to them from every other module's tests.
@NullMarked
package io.github.cogvideo4j.testing;

import org.jspecify.annotations.NullMarked;
