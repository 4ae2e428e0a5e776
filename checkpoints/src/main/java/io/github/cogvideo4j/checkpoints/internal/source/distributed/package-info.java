/// Checkpoints of `torch.distributed.checkpoint`, as FSDP writes them: a table of chunks in `.metadata`, and
/// the chunks in one file or several for each rank.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import org.jspecify.annotations.NullMarked;
