package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.inference.internal.quality.ScorePage;
import io.github.cogvideo4j.inference.internal.quality.ScoreTables;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/// The scores of videos, as numbers, JSON, CSV and a page.
///
/// @param videos a score for each, in the order of the request
public record ScoreReport(List<VideoScore> videos) {
    /// Copies the list.
    public ScoreReport {
        videos = List.copyOf(videos);
    }

    /// Whether no video is black, of one colour, frozen or noise.
    public boolean isSound() {
        return videos.stream().allMatch(video -> video.check().symptoms().isEmpty());
    }

    /// Everything as JSON. JSON has no infinity: the PSNR of equal frames is `null`.
    public ObjectNode json() {
        return ScoreTables.json(this);
    }

    /// A row for each frame of each video, as CSV with a header. What a frame has no number for is empty; the
    /// PSNR of equal frames is `inf`.
    public String csv() {
        return ScoreTables.csv(this);
    }

    /// A web page with plots that needs nothing else, UTF-8 being meant.
    ///
    /// @param locale the language to tell it in
    public String page(Locale locale) {
        return ScorePage.of(this, locale);
    }
}
