/// Fuzzing of the readers of trainers' checkpoints: `scripts/fuzz.sh`, `docs/fuzzing.md`.
@NullMarked
package io.github.cogvideo4j.checkpoints.fuzz;

import org.jspecify.annotations.NullMarked;
