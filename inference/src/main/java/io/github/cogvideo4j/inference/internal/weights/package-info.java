/// A model's weights by name: views of mapped files, cast when they are used.
@NullMarked
package io.github.cogvideo4j.inference.internal.weights;

import org.jspecify.annotations.NullMarked;
