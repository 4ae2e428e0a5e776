/// Mends folders by renames and small files, so that everything can be undone.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import org.jspecify.annotations.NullMarked;
