package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.cluster.BatchRequest.Conduct;
import io.github.cogvideo4j.cluster.BatchRequest.Multiply;
import io.github.cogvideo4j.cluster.BatchRequest.Share;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/// The options that say what a batch does with its rows.
public final class BatchArguments {
    private static final Pattern SHARE = Pattern.compile("(\\d{1,5})/(\\d{1,5})");

    @Option(names = "--seed", paramLabel = "N")
    private Optional<Long> seed = Optional.empty();

    @Option(names = "--seeds", paramLabel = "A..B|A,B,...")
    private Optional<String> seeds = Optional.empty();

    @Option(names = "--grid", paramLabel = "NAME=A,B,...")
    private List<String> grid = new ArrayList<>();

    @Option(names = "--vbench", arity = "0..1", paramLabel = "N", fallbackValue = "5")
    private Optional<Integer> vbench = Optional.empty();

    @Option(names = "--shard", paramLabel = "I/N")
    private Optional<String> shard = Optional.empty();

    @Option(names = "--retry-failed")
    private boolean retryFailed;

    @Option(names = "--append")
    private boolean append;

    @Option(names = "--max-failures", paramLabel = "N")
    private Optional<Integer> maxFailures = Optional.empty();

    @Option(names = "--scratch", paramLabel = "FOLDER")
    private Optional<Path> scratch = Optional.empty();

    /// The seed of rows that say none.
    public long seed() {
        return seed.orElse(GenerationRequest.DEFAULT_SEED);
    }

    /// What each row is multiplied by.
    ///
    /// @throws UsageException for values that cannot be used
    public Multiply multiply() {
        Map<String, List<String>> settings = new LinkedHashMap<>();
        for (String one : grid) {
            int equals = one.indexOf('=');
            String name = equals < 1 ? "" : one.substring(0, equals).replaceFirst("^-+", "");
            List<String> values = List.of(one.substring(equals + 1).split(",", -1));
            if (name.isBlank() || values.stream().anyMatch(String::isBlank)) {
                throw new UsageException("cli.batch.grid", one);
            }
            settings.put(name, values);
        }
        if (vbench.filter(count -> count < 1).isPresent()) {
            throw new UsageException("cli.batch.count", "--vbench", vbench.get());
        }
        return new Multiply(
                seeds.map(Multiply::seeds).orElse(List.of()),
                settings,
                vbench.map(OptionalInt::of).orElse(OptionalInt.empty()));
    }

    /// The part of the rows that is made.
    public Optional<Share> share() {
        return shard.map(text -> {
            Matcher matcher = SHARE.matcher(text);
            if (!matcher.matches()) {
                throw new UsageException("cli.batch.shard", text);
            }
            return new Share(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        });
    }

    /// What is done about failures.
    public Conduct conduct() {
        if (maxFailures.filter(count -> count < 0).isPresent()) {
            throw new UsageException("cli.batch.count", "--max-failures", maxFailures.get());
        }
        return new Conduct(retryFailed, append, maxFailures.map(OptionalInt::of).orElse(OptionalInt.empty()));
    }

    /// Where results lie until they are whole.
    public Optional<Path> scratch() {
        return scratch;
    }
}
