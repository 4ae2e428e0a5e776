package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// The proof that two adapters do the same: the same kinds of change to the same modules, made of the same
/// bytes, multiplied by the same numbers. The product itself need not be made: equal factors have equal
/// products.
public final class AdapterProof {
    /// By how much fp32 can move a factor.
    private static final double ROUNDING = Math.scalb(1.0, -23);

    private AdapterProof() {}

    /// Compares an adapter with what was written of it.
    ///
    /// @param adapter the adapter, its modules under the model's names
    /// @param alpha   an alpha that goes before what it records
    /// @param written what was read back
    /// @return whether the factors are equal to the bit too
    /// @throws InvalidCheckpointException `different` when they do not do the same
    public static boolean require(AdapterContent adapter, OptionalDouble alpha, AdapterContent written)
            throws IOException {
        AdapterBinding binding =
                AdapterBinding.of(written, ModelNames.of(adapter)).requireBound();
        Map<String, AdaptedModule> found = binding.adapter().modules();
        if (found.size() != adapter.modules().size()) {
            throw different(written, adapter.modules().firstEntry().getKey());
        }
        boolean exact = true;
        try (FileStorageReader reader = new FileStorageReader()) {
            for (AdaptedModule module : adapter.modules().values()) {
                AdaptedModule other = found.get(module.name());
                if (other == null
                        || !same(reader, module.weight(), other.weight())
                        || !same(reader, module.bias(), other.bias())) {
                    throw different(written, module.name());
                }
                double wanted = module.usesAlpha() ? module.factor(1, alpha) : 1;
                double is = other.usesAlpha() ? other.factor(1, OptionalDouble.empty()) : 1;
                if (Math.abs(is - wanted) > ROUNDING * Math.abs(wanted)) {
                    throw different(written, module.name());
                }
                exact &= is == wanted;
            }
        }
        return exact;
    }

    /// Compares an adapter with what was written of it, under whatever names its modules have.
    ///
    /// @param adapter the adapter as it was opened
    /// @param written what was read back
    /// @throws InvalidCheckpointException `different` or `extra-tensor` when they do not do the same
    public static void requireUnderOtherNames(AdapterContent adapter, AdapterContent written) throws IOException {
        AdapterBinding binding =
                AdapterBinding.of(adapter, ModelNames.of(written)).requireBound();
        require(binding.adapter(), OptionalDouble.empty(), written);
    }

    private static boolean same(FileStorageReader reader, List<LayerChange> left, List<LayerChange> right)
            throws IOException {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            List<StoredTensor> a = left.get(i).delta().tensors();
            List<StoredTensor> b = right.get(i).delta().tensors();
            boolean alike = left.get(i).scaling() == right.get(i).scaling()
                    && left.get(i).delta().kind().equals(right.get(i).delta().kind())
                    && a.size() == b.size();
            if (!alike) {
                return false;
            }
            for (int k = 0; k < a.size(); k++) {
                if (a.get(k).dtype() != b.get(k).dtype()
                        || !Arrays.equals(digest(reader, a.get(k)), digest(reader, b.get(k)))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static byte[] digest(FileStorageReader reader, StoredTensor tensor) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            reader.read(tensor, digest::update);
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static InvalidCheckpointException different(AdapterContent written, String module) {
        return new InvalidCheckpointException(
                ProblemCode.DIFFERENT, Place.of(written.file()).tensor(module), "checkpoints.lora.not-the-same");
    }
}
