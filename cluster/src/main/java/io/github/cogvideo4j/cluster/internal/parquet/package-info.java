/// Rows and manifests in Parquet, with the classes that Spark brings.
@NullMarked
package io.github.cogvideo4j.cluster.internal.parquet;

import org.jspecify.annotations.NullMarked;
