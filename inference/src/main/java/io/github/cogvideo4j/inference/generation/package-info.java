/// A generation as values: what is asked for, how a model is loaded for it, what it comes to, its events and its
/// result. Nothing here shows libtorch.
@NullMarked
package io.github.cogvideo4j.inference.generation;

import org.jspecify.annotations.NullMarked;
