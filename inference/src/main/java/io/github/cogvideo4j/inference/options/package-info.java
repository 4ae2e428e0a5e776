/// The options of loading a model and computed: precision, device, tiles, sampler, adapters. Plain values.
@NullMarked
package io.github.cogvideo4j.inference.options;

import org.jspecify.annotations.NullMarked;
