package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `doctor`, `doctor --fix` and `doctor --undo` over pipelines of other models than CogVideoX as users have them: the
/// exit codes and codes of `any-mess`.
class OtherModelsMessTest {
    @TempDir
    Path temporary;

    static List<String> cases() {
        return Resources.cases("any-mess");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theDoctorSaysMendsAndTakesBack(String name) throws IOException {
        JsonNode expect = JsonMapper.shared()
                .readTree(Resources.fixture("any-mess/" + name + "/case.json").toFile())
                .get("expect");
        String outcome = expect.get("outcome").asString();
        List<String> codes = expect.get("codes")
                .valueStream()
                .map(code -> "[" + code.asString() + "]")
                .toList();
        Path folder =
                Resources.copy(Resources.fixture("any-mess/" + name + "/input/pipeline"), temporary.resolve("model"));
        SortedMap<String, String> before = Resources.snapshot(folder);

        Run said = Run.of("doctor", folder.toString(), "--deep");
        boolean healthy = outcome.equals("nothing-to-do");
        assertThat(said.exit()).as(said.out()).isEqualTo(healthy ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND);
        if (!healthy) {
            assertThat(codes.stream().filter(said.out()::contains))
                    .hasSize(expect.path("any_of").asBoolean(false) ? 1 : codes.size());
        }
        assertThat(said.out() + said.err()).doesNotContain("CogVideoX");

        Run mended = Run.of("doctor", folder.toString(), "--deep", "--fix", "--yes");
        if (outcome.equals("fix")) {
            assertThat(mended.exit()).as(mended.out() + mended.err()).isEqualTo(ExitCode.DONE);
            assertThat(Run.of("doctor", folder.toString(), "--deep").exit()).isEqualTo(ExitCode.DONE);
            Run undone = Run.of("doctor", folder.toString(), "--undo");
            assertThat(undone.exit()).as(undone.out() + undone.err()).isEqualTo(ExitCode.DONE);
        } else {
            assertThat(mended.exit()).isEqualTo(healthy ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND);
        }
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }
}
