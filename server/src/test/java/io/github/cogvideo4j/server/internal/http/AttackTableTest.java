package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.AttackTable;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class AttackTableTest {
    @Test
    void everyAttackIsDocumentedAndEveryDocumentedAttackIsTested() throws IOException {
        assertThat(AttackTable.documented("### server")).isEqualTo(AttackTable.tested(AttackTableTest.class));
    }
}
