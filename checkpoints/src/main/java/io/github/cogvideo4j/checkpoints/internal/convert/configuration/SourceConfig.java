package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerFolders;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;

/// A `config.json` that lies beside the source.
///
/// @param file      the file
/// @param className the class that it says, by its own name; empty when it says none
/// @param sharded   whether it says the class that FSDP2 makes of it instead
record SourceConfig(Path file, String className, boolean sharded) {
    private static final String CONFIG = "config.json";
    private static final String CLASS = "_class_name";

    /// `fully_shard` gives a module a class whose name begins so, and that name is saved with the configuration.
    private static final String SHARDED = "FSDP";

    /// The folder into which verl puts the configuration beside its rank files.
    private static final String VERL = "huggingface";

    /// The file in the folder of plain weights, which is how a component of a model lies on the disk; when it is
    /// there and says that it is of the family.
    static Optional<Path> config(PlacedComponent placed) throws IOException {
        Path file = folder(placed).resolve(CONFIG);
        boolean there = placed.checkpoint().kind() == CheckpointKind.PLAIN_WEIGHTS && Files.isRegularFile(file);
        if (!there) {
            return Optional.empty();
        }
        ConfigDocument document = ConfigDocument.read(file);
        return isOf(placed.family(), document.text(CLASS, ""), document) ? Optional.of(file) : Optional.empty();
    }

    /// The files that may be the configuration of what was trained, the nearest first: in the source's folder
    /// and the one above, and where trainers put it in these. None says that it is of another family; the class
    /// may be absent.
    static List<SourceConfig> around(PlacedComponent placed) throws IOException {
        Path own = folder(placed);
        SequencedSet<Path> places = new LinkedHashSet<>();
        for (Path folder : List.of(own, own.resolve("..").normalize())) {
            places.add(folder);
            places.add(folder.resolve(placed.component().folder()));
            places.add(folder.resolve(VERL));
            TrainerFolders.savedModel(folder).ifPresent(places::add);
        }
        List<SourceConfig> found = new ArrayList<>();
        for (Path place : places) {
            Path file = place.resolve(CONFIG);
            if (Files.isRegularFile(file)) {
                ConfigDocument document = ConfigDocument.read(file);
                SourceConfig config = of(file, document);
                if (config.className().isEmpty() || isOf(placed.family(), config.className(), document)) {
                    found.add(config);
                }
            }
        }
        return found;
    }

    private static Path folder(PlacedComponent placed) {
        Path at = placed.checkpoint().folder();
        return Files.isDirectory(at) ? at : at.resolve("..").normalize();
    }

    private static SourceConfig of(Path file, ConfigDocument document) {
        String said = document.text(CLASS, "");
        boolean sharded = said.startsWith(SHARDED);
        return new SourceConfig(file, sharded ? said.substring(SHARDED.length()) : said, sharded);
    }

    private static boolean isOf(Optional<Family> family, String className, ConfigDocument config) {
        return family.isPresent()
                && (family.get().classes().contains(className)
                        || family.get().modelTypes().contains(config.text("model_type", "")));
    }

    /// The text that goes beside the converted weights, and the warning that names its origin.
    String take(Warnings warnings) throws IOException {
        warnings.report(ProblemCode.ASSUMED, Place.of(file), "checkpoints.convert.config-beside");
        return sharded
                ? ConfigDocument.read(file).with(CLASS, className).toJson()
                : TransformerConfiguration.text(file);
    }
}
