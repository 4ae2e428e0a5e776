/// Step caches: predictions that are put together from those of earlier steps instead of being computed in
/// full.
///
/// A cache is one object for one run. It is handed every call of the transformer in turn and decides which of
/// the blocks, or which parts of them, are computed. The rules are those of diffusers, of TeaCache and of
/// ComfyUI's wrapper; each class names its source.
@NullMarked
package io.github.cogvideo4j.inference.internal.cache;

import org.jspecify.annotations.NullMarked;
