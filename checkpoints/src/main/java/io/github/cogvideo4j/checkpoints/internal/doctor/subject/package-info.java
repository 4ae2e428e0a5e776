/// What the doctor examines, read once: headers only.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import org.jspecify.annotations.NullMarked;
