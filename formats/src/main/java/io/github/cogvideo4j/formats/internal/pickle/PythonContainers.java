package io.github.cogvideo4j.formats.internal.pickle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// Calls of Python's container classes, turned into our containers. Each is empty when the arguments do not
/// fit.
final class PythonContainers {
    private PythonContainers() {}

    /// `OrderedDict()`, `OrderedDict([(k, v), ...])`, `defaultdict(factory, {...})`, `Counter({...})`.
    static Optional<PickleValue> dict(List<PickleValue> arguments) {
        PickleValue.Dict dict = new PickleValue.Dict();
        for (PickleValue argument : arguments) {
            switch (argument) {
                // A default dictionary's factory, which matters only to a program that adds keys.
                case PickleValue.Global factory -> {}
                case PickleValue.None none -> {}
                case PickleValue.Dict other -> other.entries().forEach(dict::put);
                case PickleValue.Sequence items -> {
                    for (PickleValue item : items.elements()) {
                        List<PickleValue> pair = item.asElements().orElse(List.of());
                        if (pair.size() != 2) {
                            return Optional.empty();
                        }
                        dict.put(pair.getFirst(), pair.getLast());
                    }
                }
                default -> {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(dict);
    }

    /// The elements in `set([...])`, `Size((...))`; none for a call without arguments.
    static Optional<List<PickleValue>> elements(List<PickleValue> arguments) {
        return switch (arguments.size()) {
            case 0 -> Optional.of(List.of());
            case 1 -> arguments.getFirst().asElements();
            default -> Optional.empty();
        };
    }

    /// `encode('...', 'latin1')`, by which protocol 2 spells bytes, and `bytearray(b'...')`.
    static Optional<PickleValue> bytes(List<PickleValue> arguments) {
        if (arguments.isEmpty()) {
            return Optional.of(new PickleValue.Bytes(ByteBuffer.allocate(0)));
        }
        boolean latin1 = arguments.size() == 1
                || (arguments.size() == 2
                        && arguments
                                .get(1)
                                .asText()
                                .filter(name -> name.startsWith("latin"))
                                .isPresent());
        return switch (arguments.getFirst()) {
            case PickleValue.Bytes bytes when arguments.size() == 1 -> Optional.of(bytes);
            case PickleValue.Text text
            when latin1 && text.value().chars().allMatch(c -> c < 0x100) ->
                Optional.of(new PickleValue.Bytes(ByteBuffer.wrap(text.value().getBytes(StandardCharsets.ISO_8859_1))));
            default -> Optional.empty();
        };
    }
}
