/// Still images: reading them as Pillow does, resizing them to the bit, writing PNG.
@NullMarked
package io.github.cogvideo4j.inference.image;

import org.jspecify.annotations.NullMarked;
