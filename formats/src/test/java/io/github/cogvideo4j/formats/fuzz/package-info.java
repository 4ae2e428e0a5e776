/// What is fuzzed, from which seeds, and the regression mode of the ordinary tests. `scripts/fuzz.sh` starts
/// the long runs, docs/fuzzing.md tells how.
@NullMarked
package io.github.cogvideo4j.formats.fuzz;

import org.jspecify.annotations.NullMarked;
