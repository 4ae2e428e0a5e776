package io.github.cogvideo4j.inference.internal.layer;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// libtorch's convolution by oneDNN that makes its sum with what is there already, which has no binding.
///
/// The usual one asks for new memory, and filling in its pages takes a tenth of the convolution's time in half
/// precision. The sum is rounded once instead of twice. In fp32, where a convolution takes five times as long and
/// results are compared with the reference's more closely, the usual one is kept.
final class FusedConvolution {
    /// `_convolution_pointwise_.binary(Tensor(a!) other, Tensor X, Tensor W, Tensor? B, SymInt[] padding,
    /// SymInt[] stride, SymInt[] dilation, SymInt groups, str binary_attr, Scalar? alpha, str? unary_attr,
    /// Scalar?[] unary_scalars, str? unary_algorithm)`, from libtorch's `RegisterMkldnnOpContextClass.cpp`.
    private static final String NAME = "mkldnn::_convolution_pointwise_";
    private static final int PADDING = 4;
    private static final int STRIDE = 5;
    private static final int DILATION = 6;
    private static final int UNARY_SCALARS = 11;

    private FusedConvolution() {}

    /// Whether there is one for an input's type and device, on this processor.
    static boolean exists(Tensor input) {
        return input.is_cpu() && Support.TYPES.contains(input.scalar_type().intern());
    }

    /// Adds a convolution to a tensor, `[batch, channels, ...]` like its input.
    static void addTo(Tensor target, Tensor input, Tensor kernel, Tensor bias, long... padding) {
        OperatorHandle operator = Dispatcher.singleton().findSchemaOrThrow(NAME, "binary");
        FunctionSchema schema = operator.schema();
        long[] once = LongStream.of(padding).map(_ -> 1).toArray();
        operator.callBoxed(new IValueVector(
                new IValue(target),
                new IValue(input),
                new IValue(kernel),
                new IValue(bias),
                list(schema, PADDING, padding),
                list(schema, STRIDE, once),
                list(schema, DILATION, once),
                new IValue(1L),
                new IValue("add"),
                new IValue(1.0),
                new IValue(),
                list(schema, UNARY_SCALARS),
                new IValue()));
    }

    /// A list of the type that an argument has.
    private static IValue list(FunctionSchema schema, int argument, long... values) {
        Argument declared = new Argument(schema.arguments().getPointer(argument));
        GenericList list = new GenericList(declared.type().get().containedType(0));
        for (long value : values) {
            list.push_back(new IValue(value));
        }
        return new IValue(list);
    }

    /// The answer whether the function is there, found once libtorch is loaded.
    private static final class Support {
        private static final Set<ScalarType> TYPES = types();

        private static Set<ScalarType> types() {
            Set<ScalarType> types = EnumSet.noneOf(ScalarType.class);
            if (!torch.hasMKLDNN() || !Loader.getPlatform().endsWith("x86_64")) {
                return types;
            }
            if (holds("mkldnn::_is_mkldnn_bf16_supported")) {
                types.add(ScalarType.BFloat16);
            }
            if (holds("mkldnn::_is_mkldnn_fp16_supported")) {
                types.add(ScalarType.Half);
            }
            return types;
        }

        private static boolean holds(String question) {
            IValueVector stack = new IValueVector();
            Dispatcher.singleton().findSchemaOrThrow(question, "").callBoxed(stack);
            return stack.get(0).toBool();
        }
    }
}
