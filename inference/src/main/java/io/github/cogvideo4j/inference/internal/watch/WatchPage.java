package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.inference.watch.WatchReport;

/// A watch's report as one web page.
public final class WatchPage {
    private WatchPage() {}

    /// The page as HTML.
    public static String of(WatchReport report) {
        return "<!doctype html>\n<meta charset=\"utf-8\">\n<title>"
                + report.checkpoints().size() + "</title>\n";
    }
}
