package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.index.ShardSize;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;

/// The words of options that accept more than their own spelling or than one of an enum's.
public final class Choices {
    private Choices() {}

    /// `--dtype`, in the short spelling and in torch's.
    public static final class DTypeConverter extends ChoiceConverter<TargetDType> {
        /// Called by picocli.
        public DTypeConverter() {
            super(
                    TargetDType.values(),
                    Map.of("bfloat16", TargetDType.BF16, "float16", TargetDType.FP16, "float32", TargetDType.FP32));
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

    /// `--component`: the name of a component's folder.
    public static final class ComponentName implements ITypeConverter<Component> {
        @Override
        public Component convert(String value) {
            if (!Component.isName(value)) {
                throw new WrongValueException("cli.usage.component", value);
            }
            return Component.named(value);
        }
    }

    /// `--lora-scale`: any finite number.
    public static final class Scale implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return number(value, -1e6, 1e6);
        }
    }

    /// `--lora-alpha`: a number above zero.
    public static final class Alpha implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            double number = number(value, -Double.MAX_VALUE, Double.MAX_VALUE);
            if (number < Double.MIN_NORMAL || number > 1e6) {
                throw new WrongValueException("cli.usage.number-above", value, "0", "1000000");
            }
            return number;
        }
    }

    private static double number(String value, double smallest, double largest) {
        double number;
        try {
            number = Double.parseDouble(value);
        } catch (NumberFormatException _) {
            number = Double.NaN;
        }
        if (!(number >= smallest && number <= largest)) {
            throw new WrongValueException("cli.usage.number", value);
        }
        return number;
    }
}
