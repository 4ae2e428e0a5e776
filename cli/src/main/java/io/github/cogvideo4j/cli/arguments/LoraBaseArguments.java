package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The model that an adapter is for, where a command can do without one.
public final class LoraBaseArguments {
    @Option(names = "--base", paramLabel = "MODEL", descriptionKey = "lora-base")
    private Optional<String> base = Optional.empty();

    @Option(names = "--component", paramLabel = "COMPONENT", descriptionKey = "lora-component")
    private Optional<String> component = Optional.empty();

    /// The model, if one was named.
    ///
    /// @throws UsageException when a component is named without a model
    public Optional<LoraTarget.Model> model() throws IOException {
        if (base.isEmpty() && component.isPresent()) {
            throw new UsageException("cli.usage.component-without-base");
        }
        return base.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new LoraTarget.Model(ModelFolder.locate(base.get(), Map.copyOf(System.getenv())), component));
    }
}
