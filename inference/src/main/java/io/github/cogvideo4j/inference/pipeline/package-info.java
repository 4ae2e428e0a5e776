/// From a prompt to a video: the pipelines for text, image and video to video, and what they are asked and
/// answer. Nothing here shows libtorch.
@NullMarked
package io.github.cogvideo4j.inference.pipeline;

import org.jspecify.annotations.NullMarked;
