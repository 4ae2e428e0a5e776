package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// The remedies of a problem in the words of the command line: options to give, a command to run.
public final class Hints {
    private Hints() {}

    /// What helps with a problem; empty where nothing is known to.
    public static Optional<Message> of(Problem problem) {
        List<String> options = options(problem.remedies());
        Optional<String> command = command(problem.remedies());
        if (options.isEmpty()) {
            return command.map(text -> Message.of("cli.hint.run", text));
        }
        // Values of one option are alternatives, different options belong together.
        if (options.size() > 1
                && options.stream()
                                .map(option -> option.split(" ", 2)[0])
                                .distinct()
                                .count()
                        == 1) {
            return Optional.of(Message.of("cli.hint.use-one", options));
        }
        return Optional.of(command.map(text -> Message.of("cli.hint.use-or-run", options, text))
                .orElseGet(() -> Message.of("cli.hint.use", options)));
    }

    /// What to add to the command line: the options of remedies that change a field, the launcher's variable for
    /// those of the Java virtual machine; none where no remedy is of these kinds.
    public static List<String> options(List<Remedy> remedies) {
        return remedies.stream()
                .flatMap(remedy -> switch (remedy) {
                    case Remedy.SetField change -> option(change);
                    case Remedy.JvmOption jvm -> Stream.of("COGVIDEO_JAVA_OPTS=" + jvm.option());
                    default -> Stream.empty();
                })
                .toList();
    }

    /// The first command. An adapter that is taken out of a training state is fused next, where both are named.
    private static Optional<String> command(List<Remedy> remedies) {
        List<String> commands = new ArrayList<>();
        for (Remedy remedy : remedies) {
            boolean next = commands.isEmpty()
                    || (remedy instanceof Remedy.FuseAdapter fuse
                            && fuse.adapter().isEmpty());
            Commands.of(remedy).filter(_ -> next).ifPresent(commands::add);
        }
        return commands.isEmpty() ? Optional.empty() : Optional.of(String.join(" && ", commands));
    }

    private static Stream<String> option(Remedy.SetField change) {
        String id = change.field().id();
        return switch (change.field()) {
            case OVERWRITE, FROM_MODULE, VAE_TILING -> Stream.of("--" + id);
            case TEXT_ENCODER -> Stream.of("--with-text-encoder");
            case SIZE -> Stream.of("--height", "--width", "--num-frames");
            case PAGE -> Stream.of("--html FILE");
            case OUTPUT -> Stream.of("--output-path PATH");
            case BASE,
                    DTYPE,
                    FORMAT,
                    MAX_SHARD_SIZE,
                    LINK,
                    TAG,
                    COMPONENT,
                    SCALING_FACTOR,
                    LORA_ALPHA,
                    DEVICE,
                    OFFLOAD,
                    WEIGHTS,
                    ATTENTION,
                    SCHEDULER,
                    WINDOWS ->
                Stream.of("--" + id + " " + change.value().map(Commands::quote).orElseGet(() -> placeholder(id)));
        };
    }

    private static String placeholder(String id) {
        return id.substring(id.lastIndexOf('-') + 1).toUpperCase(Locale.ROOT);
    }
}
