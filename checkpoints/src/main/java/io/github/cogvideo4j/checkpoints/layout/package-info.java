/// How model folders are laid out and their files called: Hugging Face's and diffusers' conventions.
@NullMarked
package io.github.cogvideo4j.checkpoints.layout;

import org.jspecify.annotations.NullMarked;
