/// The `config.json` of what is converted: the base's, or derived from the weights.
@NullMarked
package io.github.cogvideo4j.checkpoints.convert.configuration;

import org.jspecify.annotations.NullMarked;
