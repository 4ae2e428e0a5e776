/// What `generate` does around the pipelines: which videos are asked for, where they go, how they are repeated.
@NullMarked
package io.github.cogvideo4j.cli.generation;

import org.jspecify.annotations.NullMarked;
