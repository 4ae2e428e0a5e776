/// One class for each thing that can be wrong.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import org.jspecify.annotations.NullMarked;
