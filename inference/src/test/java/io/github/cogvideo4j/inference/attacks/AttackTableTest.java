package io.github.cogvideo4j.inference.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.AttackTable;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class AttackTableTest {
    @Test
    void everyAttackIsDocumentedAndEveryDocumentedAttackIsTested() throws IOException {
        assertThat(AttackTable.documented("### inference")).isEqualTo(AttackTable.tested(AttackTableTest.class));
    }
}
