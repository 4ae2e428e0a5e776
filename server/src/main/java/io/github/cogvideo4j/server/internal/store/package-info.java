/// Jobs on the disk: one table in SQLite or PostgreSQL, and every statement on it.
@NullMarked
package io.github.cogvideo4j.server.internal.store;

import org.jspecify.annotations.NullMarked;
