/// The CogVideoX transformer, chapter by chapter: patches and positions in, blocks of joint attention over text
/// and video, patches out.
@NullMarked
package io.github.cogvideo4j.inference.internal.transformer;

import org.jspecify.annotations.NullMarked;
