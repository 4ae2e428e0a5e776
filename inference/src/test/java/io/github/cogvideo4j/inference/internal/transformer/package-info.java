/// The transformer against the reference's activations, position tables and outputs.
package io.github.cogvideo4j.inference.internal.transformer;
