package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.internal.inspect.NaturalOrder;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A selection of the tensors to show, and their order.
///
/// @param filter a part of the name, or a pattern for all of it, in which `*` stands for any characters and `?`
///               for one
/// @param order  the order; that of the file when empty
public record TensorSelection(Optional<String> filter, Optional<Order> order) {
    /// An order of tensors.
    public enum Order {
        /// By name, numbers in it by their value.
        NAME,
        /// The largest first.
        SIZE,
        /// By dtype, then in the order of the file.
        DTYPE;

        /// The word of the command line.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// All tensors as they come.
    public static final TensorSelection ALL = new TensorSelection(Optional.empty(), Optional.empty());

    /// The tensors that are meant, in order.
    public List<ListedTensor> of(List<ListedTensor> tensors) {
        Predicate<String> wanted = filter.map(TensorSelection::matcher).orElse(_ -> true);
        List<ListedTensor> chosen =
                tensors.stream().filter(tensor -> wanted.test(tensor.name())).toList();
        return order.map(by -> chosen.stream().sorted(comparator(by)).toList()).orElse(chosen);
    }

    private static Comparator<ListedTensor> comparator(Order order) {
        return switch (order) {
            case NAME -> Comparator.comparing(ListedTensor::name, NaturalOrder.INSTANCE);
            case SIZE ->
                Comparator.comparingLong(
                                (ListedTensor tensor) -> tensor.tensor().byteLength())
                        .reversed();
            case DTYPE -> Comparator.comparing(tensor -> tensor.tensor().dtype());
        };
    }

    private static Predicate<String> matcher(String filter) {
        if (filter.chars().noneMatch(c -> c == '*' || c == '?')) {
            return name -> name.contains(filter);
        }
        String pattern = filter.codePoints()
                .mapToObj(c -> switch (c) {
                    case '*' -> ".*";
                    case '?' -> ".";
                    default -> Pattern.quote(Character.toString(c));
                })
                .collect(Collectors.joining());
        return Pattern.compile(pattern, Pattern.DOTALL).asMatchPredicate();
    }
}
