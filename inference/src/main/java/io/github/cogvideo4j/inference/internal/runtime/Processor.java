package io.github.cogvideo4j.inference.internal.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The half-precision types that a processor multiplies natively, by the flags that Linux reports. Where
/// nothing is reported, all of them.
public record Processor(Set<ScalarType> halves) {
    private static final int LONGEST = 1 << 20;
    private static final Set<String> BFLOAT16 = Set.of("avx512_bf16", "amx_bf16", "bf16");
    private static final Set<String> HALF = Set.of("avx512_fp16", "amx_fp16", "asimdhp");

    /// The processor of this machine.
    public static Processor here() {
        return Here.PROCESSOR;
    }

    /// A processor by the text of `/proc/cpuinfo`.
    static Processor of(String text) {
        Set<String> flags = new HashSet<>();
        text.lines()
                .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                .forEach(line -> flags.addAll(Arrays.asList(
                        line.substring(line.indexOf(':') + 1).strip().split("\\s+"))));
        Set<ScalarType> halves = new HashSet<>();
        if (flags.isEmpty() || flags.stream().anyMatch(BFLOAT16::contains)) {
            halves.add(ScalarType.BFloat16);
        }
        if (flags.isEmpty() || flags.stream().anyMatch(HALF::contains)) {
            halves.add(ScalarType.Half);
        }
        return new Processor(Set.copyOf(halves));
    }

    /// Whether products of matrices of a type are quickest in another one: in fp32.
    public boolean widens(ScalarType type) {
        return (type == ScalarType.BFloat16 || type == ScalarType.Half) && !halves.contains(type);
    }

    /// Read once for the process.
    private static final class Here {
        private static final Processor PROCESSOR = of(text());

        private static String text() {
            try (InputStream file = Files.newInputStream(Path.of("/proc/cpuinfo"))) {
                return new String(file.readNBytes(LONGEST), StandardCharsets.ISO_8859_1);
            } catch (IOException noLinux) {
                return "";
            }
        }
    }
}
