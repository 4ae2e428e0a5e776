/// What a problem looks like in other software.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.doctor.finding;

import org.jspecify.annotations.NullMarked;
