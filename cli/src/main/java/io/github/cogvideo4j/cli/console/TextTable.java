package io.github.cogvideo4j.cli.console;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Rows whose columns line up in a terminal. Chinese characters are two columns wide there.
public final class TextTable {
    private static final String GAP = "  ";

    private final List<Boolean> right = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /// @param alignment a letter for each column: `l` for left, `r` for right
    public TextTable(String alignment) {
        alignment.chars().forEach(letter -> right.add(letter == 'r'));
    }

    /// Adds a row, with a cell for each column.
    public void row(List<String> cells) {
        if (cells.size() != right.size()) {
            throw new IllegalArgumentException(cells.size() + " cells for " + right.size() + " columns");
        }
        rows.add(List.copyOf(cells));
    }

    /// The rows as lines.
    public List<String> lines() {
        List<Integer> widths = new ArrayList<>(Collections.nCopies(right.size(), 0));
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths.set(i, Math.max(widths.get(i), width(row.get(i))));
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private String line(List<String> row, List<Integer> widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            String padding = " ".repeat(widths.get(i) - width(row.get(i)));
            line.append(i == 0 ? "" : GAP);
            line.append(right.get(i) ? padding + row.get(i) : row.get(i) + padding);
        }
        return line.toString().stripTrailing();
    }

    private static int width(String text) {
        return text.codePoints().map(TextTable::width).sum();
    }

    /// Source: the ranges that Unicode's East Asian Width calls wide and that our texts use.
    private static int width(int c) {
        boolean wide = Character.isIdeographic(c) || (c >= 0x3000 && c <= 0x30FF) || (c >= 0xFF01 && c <= 0xFF60);
        return wide ? 2 : 1;
    }
}
