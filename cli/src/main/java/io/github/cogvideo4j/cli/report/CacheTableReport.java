package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.inference.quality.CacheTable;
import java.util.List;
import java.util.Locale;

/// A table of step caches, for the terminal and as a page with a plot that needs nothing else.
///
/// @param table the table
public record CacheTableReport(CacheTable table) {
    private static final int LONGEST = 60;
    private static final int WIDTH = 640;
    private static final int HEIGHT = 400;
    private static final int MARGIN = 50;
    /// Equal videos, whose likeness is infinite, are drawn here.
    private static final double HIGHEST = 60;

    /// For the terminal.
    public void print(Console console) {
        console.print(
                "cli.bench-cache.title",
                table.subject().scheduler(),
                table.subject().steps());
        TextTable lines = new TextTable("lrrrr");
        lines.row(header(console));
        table.rows().forEach(row -> lines.row(cells(row)));
        lines.lines().forEach(line -> console.line("  " + line));
    }

    private static List<String> header(Console console) {
        return List.of(
                console.text("cli.bench-cache.setting"),
                console.text("cli.bench-cache.speed-up"),
                console.text("cli.bench-cache.share"),
                "PSNR",
                "SSIM");
    }

    private static List<String> cells(CacheTable.Row row) {
        return List.of(
                shown(row.cache().toString()),
                number("%.2f", row.speedUp()),
                number("%.0f%%", 100 * row.share()),
                Double.isInfinite(row.psnr()) ? "∞" : number("%.1f", row.psnr()),
                number("%.4f", row.ssim()));
    }

    /// A setting as people read it: one that was measured has a number for each step, which only `--json` shows whole.
    public static String shown(String setting) {
        return setting.length() <= LONGEST ? setting : setting.substring(0, LONGEST - 1) + "…";
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    /// The page.
    public String page(Console console) {
        StringBuilder page = new StringBuilder();
        String title = console.text(
                "cli.bench-cache.title",
                table.subject().scheduler(),
                table.subject().steps());
        page.append("<!DOCTYPE html>\n<html lang=\"")
                .append(console.locale().getLanguage())
                .append("\"><meta charset=\"utf-8\"><title>")
                .append(escaped(title))
                .append("</title>\n<style>body{font-family:sans-serif}td,th{padding:2px 10px;text-align:right}")
                .append("td:first-child,th:first-child{text-align:left}</style>\n<h1>")
                .append(escaped(title))
                .append("</h1>\n");
        plot(page, console);
        page.append("<table>\n");
        row(page, "th", header(console));
        table.rows().forEach(row -> row(page, "td", cells(row)));
        return page.append("</table>\n</html>\n").toString();
    }

    private static void row(StringBuilder page, String tag, List<String> cells) {
        page.append("<tr>");
        cells.forEach(cell -> page.append('<')
                .append(tag)
                .append('>')
                .append(escaped(cell))
                .append("</")
                .append(tag)
                .append('>'));
        page.append("</tr>\n");
    }

    /// Speed-up to the right, likeness upwards.
    private void plot(StringBuilder page, Console console) {
        double fastest =
                table.rows().stream().mapToDouble(CacheTable.Row::speedUp).max().orElse(1);
        double right = Math.max(2, Math.ceil(fastest));
        page.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-size=\"11\">%n",
                WIDTH,
                HEIGHT));
        for (int decibels = 0; decibels <= HIGHEST; decibels += 10) {
            line(page, MARGIN, y(decibels), WIDTH - MARGIN, y(decibels));
            text(page, 5, y(decibels) + 4, decibels + " dB");
        }
        for (int times = 0; times <= right; times++) {
            line(page, x(times, right), MARGIN, x(times, right), HEIGHT - MARGIN);
            text(page, x(times, right), HEIGHT - MARGIN + 15, times + "×");
        }
        text(page, WIDTH / 2.0 - 40, HEIGHT - 10, console.text("cli.bench-cache.speed-up"));
        text(page, MARGIN, MARGIN - 20, "PSNR");
        for (CacheTable.Row row : table.rows()) {
            double x = x(Math.max(0, row.speedUp()), right);
            double y = y(Math.clamp(row.psnr(), 0, HIGHEST));
            page.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#06c\"/>%n", x, y));
            text(page, x + 6, y - 4, row.cache().name());
        }
        page.append("</svg>\n");
    }

    private static double x(double times, double right) {
        return MARGIN + (WIDTH - 2 * MARGIN) * times / right;
    }

    private static double y(double decibels) {
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * decibels / HIGHEST;
    }

    private static void line(StringBuilder page, double x1, double y1, double x2, double y2) {
        page.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder page, double x, double y, String words) {
        page.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\">%s</text>%n", x, y, escaped(words)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
