/// What a folder was made of, `cogvideo4j.json`, and the hashes that prove it intact.
@NullMarked
package io.github.cogvideo4j.checkpoints.manifest;

import org.jspecify.annotations.NullMarked;
