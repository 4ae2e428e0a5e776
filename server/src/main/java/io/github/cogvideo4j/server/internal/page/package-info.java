/// The page: its files, and what it asks of a model that no other client needs.
@NullMarked
package io.github.cogvideo4j.server.internal.page;

import org.jspecify.annotations.NullMarked;
