/// What a fine-tuning changed: a model against its base, by block and by kind of layer.
@NullMarked
package io.github.cogvideo4j.checkpoints.inspect.compare;

import org.jspecify.annotations.NullMarked;
