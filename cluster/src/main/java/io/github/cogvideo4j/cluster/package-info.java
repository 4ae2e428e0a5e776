/// Generations of many videos on Apache Spark.
@NullMarked
package io.github.cogvideo4j.cluster;

import org.jspecify.annotations.NullMarked;
