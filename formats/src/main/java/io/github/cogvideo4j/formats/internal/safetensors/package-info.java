/// The safetensors format: a JSON header that says where each tensor lies, then the tensors without gaps.
///
/// Rules and order of checks are those of the reference implementation (crate `safetensors` 0.8.0); what is
/// written is equal to its output byte for byte.
@NullMarked
package io.github.cogvideo4j.formats.internal.safetensors;

import org.jspecify.annotations.NullMarked;
