package io.github.cogvideo4j.cli;

import static io.github.cogvideo4j.cli.SampleGeneration.PROMPT;

import io.github.cogvideo4j.testing.Resources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Generations from the base model that ships here, with the prompt and settings of the reference's.
final class SampleGeneration {
    static final String PROMPT =
            "A suited astronaut, with the red dust of Mars clinging to their boots, reaches out to shake hands with an"
                    + " alien being, their skin a shimmering blue, under the pink-tinged sky of the fourth planet. In"
                    + " the background, a sleek silver rocket stands tall.";
    static final Path BASE = Resources.golden("pipelines/t2v-2b");

    private SampleGeneration() {}

    static Run generate(Path model, String dtype, Path output, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "generate",
                "--model",
                model.toString(),
                "--dtype",
                dtype,
                "--prompt",
                PROMPT,
                "--height",
                "48",
                "--width",
                "80",
                "--num-frames",
                "9",
                "--num-inference-steps",
                "5",
                "--output-path",
                output.toString()));
        words.addAll(List.of(more));
        return Run.of(words.toArray(String[]::new));
    }
}
