package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The model that was fine-tuned: it supplies the transformer's configuration and, when it is a whole pipeline,
/// the other components.
///
/// @param folder            its folder
/// @param transformerConfig the transformer's `config.json`, when it has one
/// @param weightDType       the dtype of the transformer's weights, when it has any
/// @param files             what goes into the result beside the transformer
/// @param pipeline          whether it is a whole pipeline (`model_index.json`)
public record BaseModel(
        Path folder,
        Optional<Path> transformerConfig,
        Optional<DType> weightDType,
        List<BaseFile> files,
        boolean pipeline) {
    /// Copies the list.
    public BaseModel {
        files = List.copyOf(files);
    }

    /// Reads a base model's folder.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException when it is no model's folder
    public static BaseModel read(Path folder) throws IOException {
        return BaseModelReader.read(folder);
    }

    /// A file of the base that becomes part of the result.
    ///
    /// @param path    relative to the folder, with `/`
    /// @param file    the file itself, links followed
    /// @param size    bytes
    /// @param weights whether it holds weights, which are linked; anything else is copied
    public record BaseFile(String path, Path file, long size, boolean weights) {}
}
