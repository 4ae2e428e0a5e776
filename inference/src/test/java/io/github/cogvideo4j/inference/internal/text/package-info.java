/// Tokenizer and text encoder against the reference's ids and states.
package io.github.cogvideo4j.inference.internal.text;
