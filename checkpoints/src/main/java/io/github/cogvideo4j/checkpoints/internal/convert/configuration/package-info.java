/// Which `config.json` goes beside the weights.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import org.jspecify.annotations.NullMarked;
