package io.github.cogvideo4j.formats.pickle;

/// One opcode of a pickle with its argument.
///
/// @param opcode   what it does
/// @param position where it starts in the pickle
/// @param argument its argument, [PickleValue.None] when it has none
record Instruction(Opcode opcode, int position, PickleValue argument) {}
