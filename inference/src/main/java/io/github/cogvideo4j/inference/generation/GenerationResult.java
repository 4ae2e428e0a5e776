package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import java.util.List;

/// The videos that a generation wrote.
///
/// @param videos   in the order of the prompts
/// @param warnings what was worth a warning
public record GenerationResult(List<GeneratedVideo> videos, List<Problem> warnings) {
    /// Copies the lists.
    public GenerationResult {
        videos = List.copyOf(videos);
        warnings = List.copyOf(warnings);
    }
}
