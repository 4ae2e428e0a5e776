/// DeepSpeed's training state: one file of optimizer state a rank, one or more files of model state, and the
/// arithmetic of the partitions between them.
///
/// Facts established from DeepSpeed 0.16.4 and 0.19.6 (`deepspeed/runtime/zero/stage_1_and_2.py`, `stage3.py`,
/// `deepspeed/utils/zero_to_fp32.py`) and from files they wrote.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import org.jspecify.annotations.NullMarked;
