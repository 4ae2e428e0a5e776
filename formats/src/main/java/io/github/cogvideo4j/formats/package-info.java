/// File formats that hold tensors, read without executing anything: safetensors, torch ZIP and legacy
/// containers, pickles, sharded indexes. Everything read is hostile until checked.
@NullMarked
package io.github.cogvideo4j.formats;

import org.jspecify.annotations.NullMarked;
