package io.github.cogvideo4j.formats.json;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import tools.jackson.databind.node.ObjectNode;

class JsonTextTest {
    @Property
    void numbersKeepTheirValueWhenWritten(@ForAll @DoubleRange(min = -1e300, max = 1e300) double number) {
        assertThat(Double.parseDouble(JsonText.repr(number))).isEqualTo(number);
    }

    /// What Python 3.11 prints for `json.dumps(value, indent=2)`, without `ensure_ascii` and with it and
    /// sorted keys.
    @Example
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
