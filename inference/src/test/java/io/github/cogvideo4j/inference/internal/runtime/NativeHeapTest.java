package io.github.cogvideo4j.inference.internal.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.system.MachineMemory;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class NativeHeapTest {
    private static final int BLOCKS = 24;
    private static final long ELEMENTS = 4 << 20; // of 4 bytes each
    private static final long ALL_BYTES = BLOCKS * ELEMENTS * 4;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// Each large tensor is followed by a small one that stays. The second time the C library has seen large
    /// blocks freed, and left to itself would keep the next ones.
    @Test
    void largeTensorsAreGivenBackWhateverStaysBetweenThem() {
        List<Tensor> small = new ArrayList<>();
        long before = MachineMemory.resident().orElseThrow();
        for (int round = 0; round < 2; round++) {
            List<Tensor> large = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                large.add(Scoped.keep(torch.ones(ELEMENTS)));
                small.add(Scoped.keep(torch.ones(64)));
            }
            large.forEach(Tensor::close);
        }
        long after = MachineMemory.resident().orElseThrow();
        small.forEach(Tensor::close);

        assertThat(after - before).as("bytes kept of %d", ALL_BYTES).isLessThan(ALL_BYTES / 4);
    }
}
