/// Code that several rules of the doctor share.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import org.jspecify.annotations.NullMarked;
