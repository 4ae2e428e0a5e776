/// From prompts to the states that the transformer is conditioned on: the SentencePiece tokenizer and the T5
/// encoder.
@NullMarked
package io.github.cogvideo4j.inference.internal.text;

import org.jspecify.annotations.NullMarked;
