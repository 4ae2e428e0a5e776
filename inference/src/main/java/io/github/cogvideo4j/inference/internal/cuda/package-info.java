/// CUDA for libtorch: the driver and its cards, the libraries and where they lie, the folder that a setup
/// fills, and loading all of it without a variable, an option or a change to the class path.
@NullMarked
package io.github.cogvideo4j.inference.internal.cuda;

import org.jspecify.annotations.NullMarked;
