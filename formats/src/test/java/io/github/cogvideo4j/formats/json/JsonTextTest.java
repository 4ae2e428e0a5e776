package io.github.cogvideo4j.formats.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class JsonTextTest {
    @Property(tries = 1000)
    void numbersKeepTheirValueWhenWritten(Generator generator) {
        double number = generator.real(-1e300, 1e300);
        assertThat(Double.parseDouble(JsonText.repr(number))).isEqualTo(number);
    }

    /// What Python 3.11 prints for `json.dumps(value, indent=2)`, without `ensure_ascii` and with it and
    /// sorted keys.
    @Test
    void theTextIsPythons() {
        ObjectNode value = JsonFile.newObject();
        value.put("b", 1e-5).put("模", "型\u007f\n").put("a", 3.0);
        value.putArray("empty");
        value.putArray("list").add(1).add(1e16).add(true).addNull();
        value.putObject("none");

        assertThat(JsonFile.format(value)).isEqualTo("""
                {
                  "b": 1e-05,
                  "模": "型\u007f\\n",
                  "a": 3.0,
                  "empty": [],
                  "list": [
                    1,
                    1e+16,
                    true,
                    null
                  ],
                  "none": {}
                }
                """);
        assertThat(JsonFile.formatSorted(value)).isEqualTo("""
                {
                  "a": 3.0,
                  "b": 1e-05,
                  "empty": [],
                  "list": [
                    1,
                    1e+16,
                    true,
                    null
                  ],
                  "none": {},
                  "\\u6a21": "\\u578b\\u007f\\n"
                }
                """);
    }
}
