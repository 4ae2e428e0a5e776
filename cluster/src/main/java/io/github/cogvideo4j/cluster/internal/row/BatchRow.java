package io.github.cogvideo4j.cluster.internal.row;

import tools.jackson.databind.node.ObjectNode;

/// A row as it was read: what it says differs from the batch's defaults.
///
/// @param line   its line in the file, counted from 1
/// @param id     the user's name for it; the line's number where it has none
/// @param fields the fields of a request, under the names of its JSON form
public record BatchRow(long line, String id, ObjectNode fields) {}
