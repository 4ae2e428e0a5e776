package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class HtmlTest {
    private final Html html = new Html(Locale.ENGLISH);

    /// Names that are too long to read are cut; a curve of many points is drawn to its end.
    @Test
    void longCurvesAreWhole() {
        String curve = "M1 2" + "L3.5 -4".repeat(1000) + "Z";
        html.open("path", "d", curve).open("p", "title", "n".repeat(3000));
        assertThat(html.toString()).contains("d=\"" + curve + "\"").contains("n…\"");
    }

    @Test
    void aPathHoldsNothingButItsCommands() {
        assertThatIllegalArgumentException().isThrownBy(() -> html.open("path", "d", "M0 0\" onload=\"x"));
    }
}
