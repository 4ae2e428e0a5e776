package io.github.cogvideo4j.inference.internal.window;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.IntStream;

/// The lists of windows, each a list of latent frames, that ComfyUI's CogVideoX wrapper makes. Every frame is
/// in one of them; a video that is no longer than a window is one window.
final class WindowLists {
    private WindowLists() {}

    /// Windows one after the other; the last one is moved back so that it ends with the video.
    static List<List<Integer>> fixed(int frames, int size, int overlap) {
        if (frames <= size) {
            return whole(frames);
        }
        List<List<Integer>> windows = new ArrayList<>();
        int start = 0;
        for (; start + size < frames; start += size - overlap) {
            windows.add(run(start, size));
        }
        windows.add(run(frames - size, size));
        return windows;
    }

    /// Windows that begin at another place at every step and run on from the last frame to the first. With
    /// strides the frames of a window are 1, 2, 4, ... apart.
    ///
    /// @param step   the index of the step
    /// @param stride how many of these widths are used, at most
    static List<List<Integer>> looped(int step, int frames, int size, int stride, int overlap) {
        if (frames <= size) {
            return whole(frames);
        }
        double fraction = fraction(step);
        int pad = (int) Math.rint(frames * fraction);
        List<List<Integer>> windows = new ArrayList<>();
        for (int i = 0; i < Math.min(stride, widths(frames, size)); i++) {
            int width = 1 << i;
            for (int start = (int) (fraction * width) + pad; start < frames + pad; start += size * width - overlap) {
                int first = start;
                windows.add(IntStream.range(0, size)
                        .mapToObj(k -> (first + k * width) % frames)
                        .toList());
            }
        }
        return windows;
    }

    /// The same for a video that does not loop: a window that runs over its end is moved back to end with it.
    ///
    /// The reference puts in a further window where one that was moved leaves a gap, and with strides that one
    /// may run over the end itself and stop the reference with an index error. Here it is moved back as well.
    static List<List<Integer>> uniform(int step, int frames, int size, int stride, int overlap) {
        List<List<Integer>> windows = new ArrayList<>(looped(step, frames, size, stride, overlap));
        for (int i = 0; i < windows.size(); i++) {
            List<Integer> window = windows.get(i);
            int turn = turn(window);
            if (turn > 0) {
                int value = window.get(turn);
                windows.set(i, endingAt(frames - 1, rolledBack(window, frames)));
                if (!windows.get((i + 1) % windows.size()).contains(value)) {
                    windows.add(i + 1, run(value, size));
                }
            }
        }
        List<List<Integer>> inside = windows.stream()
                .map(window -> Collections.max(window) < frames ? window : slidBack(window, frames))
                .toList();
        return List.copyOf(new LinkedHashSet<>(inside));
    }

    /// How many widths fit: each is twice the one before, until a window spans the video.
    private static int widths(int frames, int size) {
        int doublings = 0;
        while ((long) size << doublings < frames) {
            doublings++;
        }
        return doublings + 1;
    }

    /// The bits of a step's index behind the point, in reverse: 0, 1/2, 1/4, 3/4, 1/8, ...
    static double fraction(int step) {
        return Long.reverse(step) * 0x1p-64 + (Long.reverse(step) < 0 ? 1 : 0);
    }

    /// The place where a window goes on from the last frame to an earlier one; 0 where it does not.
    private static int turn(List<Integer> window) {
        for (int i = 1; i < window.size(); i++) {
            if (window.get(i) < window.get(i - 1)) {
                return i;
            }
        }
        return 0;
    }

    private static List<Integer> rolledBack(List<Integer> window, int frames) {
        int first = window.getFirst();
        return window.stream()
                .map(frame -> Math.floorMod(frame - first, frames))
                .toList();
    }

    private static List<Integer> endingAt(int last, List<Integer> window) {
        return moved(window, last - window.getLast());
    }

    private static List<Integer> slidBack(List<Integer> window, int frames) {
        return moved(window, frames - 1 - Collections.max(window));
    }

    private static List<Integer> moved(List<Integer> window, int by) {
        return window.stream().map(frame -> frame + by).toList();
    }

    private static List<List<Integer>> whole(int frames) {
        return List.of(run(0, frames));
    }

    private static List<Integer> run(int first, int count) {
        return IntStream.range(first, first + count).boxed().toList();
    }
}
