package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/// The report of a batch that ran to its end, or until too much had failed.
///
/// @param output    the folder
/// @param results   results that the rows ask for
/// @param completed those that are there
/// @param failed    those that could not be made
/// @param made      those that this run made
/// @param seconds   how long this run took
/// @param loads     how often a model was opened, in all processes
/// @param failures  how often each code of a problem came, in this run
/// @param perHour   results for each hour of computing, of each host and device of this run, as in `node3 cuda:0`
/// @param stopped   whether the batch stopped because too much had failed
public record BatchReport(
        String output,
        long results,
        long completed,
        long failed,
        long made,
        double seconds,
        int loads,
        Map<String, Integer> failures,
        Map<String, Double> perHour,
        boolean stopped) {
    /// Copies the maps.
    public BatchReport {
        failures = Collections.unmodifiableMap(new TreeMap<>(failures));
        perHour = Collections.unmodifiableMap(new TreeMap<>(perHour));
    }

    /// Results that nobody has made or failed to make: those of other shares, or what is left after a stop.
    public long left() {
        return results - completed - failed;
    }

    /// As JSON.
    public ObjectNode json() {
        ObjectNode json = JsonFile.newObject();
        json.put("output", output);
        json.put("results", results);
        json.put("completed", completed);
        json.put("failed", failed);
        json.put("left", left());
        json.put("made", made);
        json.put("seconds", Math.round(seconds * 1000) / 1000.0);
        json.put("model_loads", loads);
        ObjectNode codes = json.putObject("failures");
        failures.forEach(codes::put);
        ObjectNode devices = json.putObject("devices_per_hour");
        perHour.forEach((device, rate) -> devices.put(device, Math.round(rate * 10) / 10.0));
        json.put("stopped", stopped);
        return json;
    }
}
