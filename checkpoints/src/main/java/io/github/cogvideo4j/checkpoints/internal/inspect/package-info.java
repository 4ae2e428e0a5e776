/// Readers behind an inspection: files, folders, and every pickle opcode by opcode.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.inspect;

import org.jspecify.annotations.NullMarked;
