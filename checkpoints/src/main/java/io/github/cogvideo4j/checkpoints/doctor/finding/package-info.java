/// What the doctor finds: its severity, what it causes elsewhere, and the remedy.
@NullMarked
package io.github.cogvideo4j.checkpoints.doctor.finding;

import org.jspecify.annotations.NullMarked;
