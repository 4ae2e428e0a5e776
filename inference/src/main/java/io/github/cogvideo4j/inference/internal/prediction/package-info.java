/// The noise predictor, which a sampler asks at every step: the transformer, and what is wrapped around it.
@NullMarked
package io.github.cogvideo4j.inference.internal.prediction;

import org.jspecify.annotations.NullMarked;
