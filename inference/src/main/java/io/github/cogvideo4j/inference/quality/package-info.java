/// What can be measured of videos, by themselves and against a reference, and what step caches cost in
/// likeness and save in time.
@NullMarked
package io.github.cogvideo4j.inference.quality;

import org.jspecify.annotations.NullMarked;
