package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.convert.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ResultLayout;
import io.github.cogvideo4j.checkpoints.convert.TargetDType;
import io.github.cogvideo4j.checkpoints.inspect.TensorSelection;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.index.ShardSize;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;

/// The words that options take.
public final class Choices {
    private Choices() {}

    /// `--dtype`, in the short spelling and in torch's.
    public static final class DType extends ChoiceConverter<TargetDType> {
        /// Called by picocli.
        public DType() {
            super(
                    TargetDType.values(),
                    Map.of("bfloat16", TargetDType.BF16, "float16", TargetDType.FP16, "float32", TargetDType.FP32));
        }
    }

    /// `--component`.
    public static final class ModelComponent extends ChoiceConverter<Component> {
        /// Called by picocli.
        public ModelComponent() {
            super(Component.values(), Map.of());
        }
    }

    /// `--format`.
    public static final class Format extends ChoiceConverter<OutputFormat> {
        /// Called by picocli.
        public Format() {
            super(OutputFormat.values(), Map.of());
        }
    }

    /// `--to`.
    public static final class Layout extends ChoiceConverter<ResultLayout> {
        /// Called by picocli.
        public Layout() {
            super(ResultLayout.values(), Map.of());
        }
    }

    /// `--link`.
    public static final class Link extends ChoiceConverter<LinkMode> {
        /// Called by picocli.
        public Link() {
            super(LinkMode.values(), Map.of());
        }
    }

    /// `inspect --sort`.
    public static final class Order extends ChoiceConverter<TensorSelection.Order> {
        /// Called by picocli.
        public Order() {
            super(TensorSelection.Order.values(), Map.of());
        }
    }

    /// `--max-shard-size`, as Hugging Face's libraries spell sizes.
    public static final class Size implements ITypeConverter<ShardSize> {
        @Override
        public ShardSize convert(String value) {
            return ShardSize.parse(value).orElseThrow(() -> new WrongValueException("cli.usage.shard-size", value));
        }
    }

    /// A name that becomes part of a file's name.
    public static final class Variant implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            if (!value.matches("[A-Za-z0-9_]{1,32}")) {
                throw new WrongValueException("cli.usage.variant", value);
            }
            return value;
        }
    }
}
