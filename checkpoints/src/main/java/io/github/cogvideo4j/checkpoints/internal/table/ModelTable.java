package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The tensors that a model has: their names and shapes, and where a file's header lists them, their dtypes.
///
/// @param origin  where the table is from
/// @param tensors the tensors by name, in the origin's order
public record ModelTable(Origin origin, SequencedMap<String, Tensor> tensors) {
    /// One tensor of the table.
    ///
    /// @param shape its shape
    /// @param dtype its dtype, when the origin has it
    public record Tensor(Shape shape, Optional<DType> dtype) {}

    /// Where a table is from.
    public sealed interface Origin {
        /// What to call the model in messages: its class or its folder.
        String title();
    }

    /// The headers of a component's weight files.
    ///
    /// @param folder    the component's folder
    /// @param className its class, when a configuration names it
    public record Headers(Path folder, Optional<String> className) implements Origin {
        @Override
        public String title() {
            return className.orElseGet(() -> String.valueOf(folder.getFileName()));
        }
    }

    /// A configuration of a class whose constructor is known.
    ///
    /// @param file      the configuration
    /// @param className the class
    public record Configuration(Path file, String className) implements Origin {
        @Override
        public String title() {
            return className;
        }
    }

    /// Weights that are exactly a known class's, of whatever size.
    ///
    /// @param className the class
    public record KnownClass(String className) implements Origin {
        @Override
        public String title() {
            return className;
        }
    }

    /// Copies the map.
    public ModelTable {
        tensors = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tensors));
    }

    /// A table of names and shapes alone.
    public static ModelTable of(Origin origin, SequencedMap<String, Shape> shapes) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> tensors.put(name, new Tensor(shape, Optional.empty())));
        return new ModelTable(origin, tensors);
    }

    /// The shape that a tensor of this name must have.
    public Optional<Shape> shape(String name) {
        return Optional.ofNullable(tensors.get(name)).map(Tensor::shape);
    }

    /// The dtype that the origin has it in.
    public Optional<DType> dtype(String name) {
        return Optional.ofNullable(tensors.get(name)).flatMap(Tensor::dtype);
    }

    /// How names that were found fit this table: under which wrapper, and what is missing or too much.
    ///
    /// @param found names and shapes as the file has them, in its order
    public TableMatch match(SequencedMap<String, Shape> found) {
        return match(found, "");
    }

    /// The same of a component: of several wrappers, the one that ends with its name is its own.
    ///
    /// @param found     names and shapes as the file has them, in its order
    /// @param component its folder
    public TableMatch match(SequencedMap<String, Shape> found, String component) {
        return new Matching(this, found, component).best();
    }

    /// The best of the matches with several tables: the complete ones, or where there is none, the single
    /// nearest.
    public static List<TableMatch> best(List<TableMatch> matches) {
        List<TableMatch> complete =
                matches.stream().filter(TableMatch::complete).toList();
        return complete.isEmpty()
                ? matches.stream().max(TableMatch.BY_NEARNESS).stream().toList()
                : complete;
    }

    /// Names and shapes alone.
    public SequencedMap<String, Shape> shapes() {
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
            shapes.put(tensor.getKey(), tensor.getValue().shape());
        }
        return shapes;
    }
}
