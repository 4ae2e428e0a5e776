package io.github.cogvideo4j.formats.internal.pickle;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;

/// A value that a pickle describes, inert: numbers, text, containers, and names of things that Python would have
/// made.
///
/// Scalars are equal by value. Keys that were made to collide cannot slow a map down: those of one kind are
/// ordered, and those of two kinds never have the same hash code. All other values are equal only to
/// themselves and print as a summary: a pickle can share parts so that comparing or printing contents takes for
/// ever. For the same reason nothing here walks into children by recursion. A value that
/// [PickleReader] returned has no cycles, bounded depth and bounded size when every shared part is counted
/// wherever it occurs, so that a consumer may walk it.
public sealed interface PickleValue {
    // What serves as a key has its equality written out: a record's own is a method handle, which costs as much
    // as reading the value does until it is compiled.

    /// The values directly inside this one: elements, keys and values, arguments, state.
    default List<PickleValue> children() {
        return List.of();
    }

    /// The text of a string.
    default Optional<String> asText() {
        return this instanceof Text text ? Optional.of(text.value()) : Optional.empty();
    }

    /// The value of an integer that fits 64 bits; `True` and `False` are not integers here.
    default OptionalLong asLong() {
        return this instanceof Int number && number.value().bitLength() < Long.SIZE
                ? OptionalLong.of(number.value().longValue())
                : OptionalLong.empty();
    }

    /// The value of `True` and `False`.
    default Optional<Boolean> asBoolean() {
        return this instanceof Bool bool ? Optional.of(bool.value()) : Optional.empty();
    }

    /// The elements of a list or a tuple.
    default Optional<List<PickleValue>> asElements() {
        return switch (this) {
            case Sequence list -> Optional.of(list.elements());
            case Tuple tuple -> Optional.of(tuple.elements());
            default -> Optional.empty();
        };
    }

    /// This value as a map, when it is one.
    default Optional<Dict> asDict() {
        return this instanceof Dict dict ? Optional.of(dict) : Optional.empty();
    }

    /// Python's `None`.
    record None() implements PickleValue {
        /// The only one.
        public static final None INSTANCE = new None();
    }

    /// `True` or `False`.
    ///
    /// @param value which
    record Bool(boolean value) implements PickleValue {}

    /// An integer of any size up to [PickleLimits#integerBytes()].
    ///
    /// @param value the number
    record Int(BigInteger value) implements PickleValue, Comparable<Int> {
        @Override
        public int compareTo(Int other) {
            return value.compareTo(other.value);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Int number && value.equals(number.value);
        }

        @Override
        public int hashCode() {
            return 4 * value.hashCode() + 1;
        }

        /// An integer of 64 bits.
        public static Int of(long value) {
            return new Int(BigInteger.valueOf(value));
        }
    }

    /// A floating point number.
    ///
    /// @param value the number
    record Real(double value) implements PickleValue, Comparable<Real> {
        @Override
        public int compareTo(Real other) {
            return Double.compare(value, other.value);
        }

        @Override
        public int hashCode() {
            return 4 * Double.hashCode(value) + 2;
        }
    }

    /// A string.
    ///
    /// @param value the characters
    record Text(String value) implements PickleValue, Comparable<Text> {
        @Override
        public int compareTo(Text other) {
            return value.compareTo(other.value);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Text text && value.equals(text.value);
        }

        @Override
        public int hashCode() {
            return 4 * value.hashCode();
        }
    }

    /// Bytes, also those of a `bytearray` and of a Python 2 string that is not UTF-8.
    ///
    /// @param value the bytes; read-only, from position 0 to its limit
    record Bytes(ByteBuffer value) implements PickleValue, Comparable<Bytes> {
        /// Takes a read-only view.
        public Bytes {
            value = value.slice().asReadOnlyBuffer();
        }

        /// The bytes, each time as a buffer of its own.
        @Override
        public ByteBuffer value() {
            return value.duplicate();
        }

        @Override
        public int compareTo(Bytes other) {
            return value.compareTo(other.value);
        }

        @Override
        public int hashCode() {
            return 4 * value.hashCode() + 3;
        }

        @Override
        public String toString() {
            return value.remaining() + " bytes";
        }
    }

    /// A class, function or constant by its name. It is a name and nothing more.
    ///
    /// @param module the Python module
    /// @param name   the name inside it
    record Global(String module, String name) implements PickleValue {
        @Override
        public boolean equals(Object other) {
            return other instanceof Global global && name.equals(global.name) && module.equals(global.module);
        }

        @Override
        public int hashCode() {
            return 31 * module.hashCode() + name.hashCode();
        }

        /// `module.name`.
        @Override
        public String toString() {
            return module + "." + name;
        }
    }

    /// A `list`.
    final class Sequence implements PickleValue {
        private final List<PickleValue> elements = new ArrayList<>();

        void add(PickleValue element) {
            elements.add(element);
        }

        /// The elements in order.
        public List<PickleValue> elements() {
            return Collections.unmodifiableList(elements);
        }

        @Override
        public List<PickleValue> children() {
            return elements();
        }

        @Override
        public String toString() {
            return "list of " + elements.size();
        }
    }

    /// A `tuple`, or a `torch.Size`.
    final class Tuple implements PickleValue {
        private final List<PickleValue> elements;

        /// A tuple of these elements.
        public Tuple(List<PickleValue> elements) {
            this.elements = List.copyOf(elements);
        }

        /// The elements in order.
        public List<PickleValue> elements() {
            return elements;
        }

        @Override
        public List<PickleValue> children() {
            return elements;
        }

        @Override
        public String toString() {
            return "tuple of " + elements.size();
        }
    }

    /// A `dict`, an `OrderedDict` or another map, in insertion order; a later entry of the same key wins.
    final class Dict implements PickleValue {
        private final SequencedMap<PickleValue, PickleValue> entries = new LinkedHashMap<>();
        private Optional<PickleValue> attributes = Optional.empty();

        void put(PickleValue key, PickleValue value) {
            entries.put(key, value);
        }

        void setAttributes(PickleValue state) {
            attributes = Optional.of(state);
        }

        /// All entries in order.
        public SequencedMap<PickleValue, PickleValue> entries() {
            return Collections.unmodifiableSequencedMap(entries);
        }

        /// The entries whose keys are strings, in order.
        public SequencedMap<String, PickleValue> textEntries() {
            SequencedMap<String, PickleValue> named = new LinkedHashMap<>();
            entries.forEach((key, value) -> key.asText().ifPresent(text -> named.put(text, value)));
            return named;
        }

        /// The value under a string key.
        public Optional<PickleValue> get(String key) {
            return Optional.ofNullable(entries.get(new Text(key)));
        }

        /// What an ordered dictionary carries beside its entries, such as the `_metadata` of a state dict.
        public Optional<PickleValue> attributes() {
            return attributes;
        }

        @Override
        public List<PickleValue> children() {
            List<PickleValue> children = new ArrayList<>(2 * entries.size() + 1);
            for (Map.Entry<PickleValue, PickleValue> entry : entries.entrySet()) {
                children.add(entry.getKey());
                children.add(entry.getValue());
            }
            attributes.ifPresent(children::add);
            return children;
        }

        @Override
        public String toString() {
            return "dict of " + entries.size();
        }
    }

    /// A `set` or a `frozenset`.
    final class Members implements PickleValue {
        private final SequencedSet<PickleValue> elements = new LinkedHashSet<>();

        void add(PickleValue element) {
            elements.add(element);
        }

        /// The elements, in the order of the pickle.
        public Set<PickleValue> elements() {
            return Collections.unmodifiableSequencedSet(elements);
        }

        @Override
        public List<PickleValue> children() {
            return List.copyOf(elements);
        }

        @Override
        public String toString() {
            return "set of " + elements.size();
        }
    }

    /// An object of a class, or the result of a call: never made, only described.
    final class Instance implements PickleValue {
        private final Global type;
        private final List<PickleValue> arguments;
        private Optional<PickleValue> state = Optional.empty();

        /// A description of `type(*arguments)`.
        public Instance(Global type, List<PickleValue> arguments) {
            this.type = type;
            this.arguments = List.copyOf(arguments);
        }

        void setState(PickleValue newState) {
            state = Optional.of(newState);
        }

        /// The class, or the function that would have been called.
        public Global type() {
            return type;
        }

        /// The arguments; keyword arguments, which no known file uses, come last as a map.
        public List<PickleValue> arguments() {
            return arguments;
        }

        /// The state that `__setstate__` would have been given, mostly a map of attributes.
        public Optional<PickleValue> state() {
            return state;
        }

        /// An attribute, where the state is a map.
        public Optional<PickleValue> attribute(String name) {
            return state.flatMap(PickleValue::asDict).flatMap(attributes -> attributes.get(name));
        }

        @Override
        public List<PickleValue> children() {
            List<PickleValue> children = new ArrayList<>(arguments);
            state.ifPresent(children::add);
            return children;
        }

        @Override
        public String toString() {
            return "instance of " + type;
        }
    }

    /// A reference to something outside the pickle, in torch files a storage.
    final class PersistentId implements PickleValue {
        private final PickleValue id;

        /// A reference by this identifier.
        public PersistentId(PickleValue id) {
            this.id = id;
        }

        /// What identifies it.
        public PickleValue id() {
            return id;
        }

        @Override
        public List<PickleValue> children() {
            return List.of(id);
        }

        @Override
        public String toString() {
            return "persistent id";
        }
    }

    /// A value to which a file format gives a meaning: a tensor, a storage. Equal only to itself, as containers
    /// are.
    non-sealed interface Domain extends PickleValue {}
}
