package io.github.cogvideo4j.checkpoints.manifest;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The manifest as JSON. A manifest found in a folder is as hostile as any other file: paths stay inside the
/// folder, hashes are hashes, sizes are not negative.
public final class ManifestJson {
    private static final int FORMAT = 1;
    private static final long MAX_BYTES = 64L << 20;
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    private ManifestJson() {}

    /// The manifest's text.
    public static String format(Manifest manifest) {
        ObjectNode root = JsonFile.newObject();
        root.put("format", FORMAT);
        root.put("software", manifest.software());
        writeSource(root.putObject("source"), manifest.source());
        ObjectNode options = root.putObject("options");
        options.put("dtype", manifest.options().dtype());
        options.put("max_shard_size", manifest.options().maxShardBytes());
        options.put("format", manifest.options().format());
        options.put("exclude_frozen_parameters", manifest.options().excludeFrozen());
        options.put("from_module", manifest.options().fromModule());
        manifest.options().variant().ifPresent(variant -> options.put("variant", variant));
        ObjectNode files = root.putObject("files");
        for (Manifest.FileEntry file : manifest.files()) {
            ObjectNode entry = files.putObject(file.path());
            entry.put("origin", file.origin().name().toLowerCase(java.util.Locale.ROOT));
            entry.put("size", file.size());
            file.modified().ifPresent(time -> entry.put("modified", time.toString()));
            file.sha256().ifPresent(hash -> entry.put("sha256", hash));
        }
        for (Manifest.Names names : manifest.names()) {
            ObjectNode entry = root.withArray("names").addObject();
            entry.put("component", names.component());
            entry.put("known_by", names.knownBy());
            entry.put("model", names.model());
            entry.put("removed", names.removed());
        }
        ObjectNode tensors = root.putObject("tensors");
        manifest.tensors().forEach((name, tensor) -> {
            ObjectNode entry = tensors.putObject(name);
            entry.put("dtype", tensor.dtype().name());
            tensor.shape().sizes().forEach(entry.putArray("shape")::add);
            if (tensor.shape().rank() == 0) {
                entry.putArray("shape");
            }
            entry.put("sha256", tensor.sha256());
        });
        return JsonFile.format(root);
    }

    private static void writeSource(ObjectNode node, Manifest.Source source) {
        node.put("path", source.path());
        node.put("kind", source.kind());
        source.step().ifPresent(step -> node.put("step", step));
        source.zeroStage().ifPresent(stage -> node.put("zero_stage", stage));
        source.worldSize().ifPresent(size -> node.put("world_size", size));
        source.tag().ifPresent(tag -> node.put("tag", tag));
        source.versions().forEach(node.putObject("versions")::put);
        ObjectNode files = node.putObject("files");
        for (Manifest.SourceFile file : source.files()) {
            ObjectNode entry = files.putObject(file.path());
            entry.put("size", file.size());
            entry.put("modified", file.modified().toString());
        }
        for (Manifest.Adapter adapter : source.adapters()) {
            ObjectNode entry = node.withArray("adapters").addObject();
            entry.put("path", adapter.path());
            entry.put("scale", adapter.scale());
            adapter.alpha().ifPresent(alpha -> entry.put("alpha", alpha));
        }
        source.merge().ifPresent(merge -> writeMerge(node.putObject("merge"), merge));
    }

    private static void writeMerge(ObjectNode node, Manifest.Merge merge) {
        node.put("method", merge.method().toString());
        merge.density().ifPresent(density -> node.put("density", density));
        merge.ema().ifPresent(decay -> node.put("ema", decay));
        for (Manifest.MergedSource source : merge.sources()) {
            ObjectNode entry = node.withArray("sources").addObject();
            entry.put("path", source.path());
            entry.put("weight", source.weight());
            source.step().ifPresent(step -> entry.put("step", step));
            source.alpha().ifPresent(alpha -> entry.put("alpha", alpha));
        }
        merge.base().ifPresent(base -> node.put("base", base));
        merge.rank().ifPresent(rank -> node.put("rank", rank));
    }

    /// Reads the manifest of a folder.
    ///
    /// @throws MalformedFileException with `manifest` when it is not one of ours
    public static Manifest read(Path folder) throws IOException {
        return readFile(folder.resolve(Manifest.FILE_NAME));
    }

    /// Reads a manifest that has another name.
    ///
    /// @throws MalformedFileException with `manifest` when it is not one of ours
    public static Manifest readFile(Path file) throws IOException {
        ObjectNode root = JsonFile.readObject(file, MAX_BYTES, ProblemCode.MANIFEST);
        return new Reader(file).manifest(root);
    }

    /// Reads field by field, naming the field in every error.
    private record Reader(Path file) {
        Manifest manifest(ObjectNode root) {
            long format = integer(root, "format");
            if (format != FORMAT) {
                throw bad("format", format);
            }
            ObjectNode options = object(root, "options");
            List<Manifest.FileEntry> files = new ArrayList<>();
            object(root, "files").properties().forEach(entry -> files.add(file(entry)));
            Map<String, Manifest.TensorEntry> tensors = new LinkedHashMap<>();
            object(root, "tensors").properties().forEach(entry -> tensors.put(entry.getKey(), tensor(entry)));
            return new Manifest(
                    string(root, "software"),
                    source(object(root, "source")),
                    new Manifest.Options(
                            string(options, "dtype"),
                            integer(options, "max_shard_size"),
                            string(options, "format"),
                            bool(options, "exclude_frozen_parameters"),
                            bool(options, "from_module"),
                            optionalString(options, "variant")),
                    List.copyOf(files),
                    tensors,
                    names(root));
        }

        private List<Manifest.Names> names(ObjectNode node) {
            List<Manifest.Names> all = new ArrayList<>();
            for (JsonNode names : node.path("names")) {
                ObjectNode fields = asObject("names", names);
                all.add(new Manifest.Names(
                        string(fields, "component"),
                        string(fields, "known_by"),
                        string(fields, "model"),
                        string(fields, "removed")));
            }
            return List.copyOf(all);
        }

        private Manifest.Source source(ObjectNode node) {
            SortedMap<String, String> versions = new TreeMap<>();
            ObjectNode versionsNode = object(node, "versions");
            versionsNode.propertyNames().forEach(name -> versions.put(name, string(versionsNode, name)));
            List<Manifest.SourceFile> files = new ArrayList<>();
            object(node, "files").properties().forEach(entry -> {
                ObjectNode fields = asObject(entry.getKey(), entry.getValue());
                files.add(new Manifest.SourceFile(
                        entry.getKey(), integer(fields, "size"), instant("modified", string(fields, "modified"))));
            });
            return new Manifest.Source(
                    string(node, "path"),
                    string(node, "kind"),
                    node.has("step") ? OptionalLong.of(integer(node, "step")) : OptionalLong.empty(),
                    optionalInt(node, "zero_stage"),
                    optionalInt(node, "world_size"),
                    optionalString(node, "tag"),
                    versions,
                    List.copyOf(files),
                    adapters(node),
                    node.has("merge") ? Optional.of(merge(object(node, "merge"))) : Optional.empty());
        }

        private Manifest.Merge merge(ObjectNode node) {
            String word = string(node, "method");
            List<Manifest.MergedSource> sources = new ArrayList<>();
            for (JsonNode source : node.path("sources")) {
                ObjectNode fields = asObject("sources", source);
                sources.add(new Manifest.MergedSource(
                        string(fields, "path"),
                        number(fields, "weight"),
                        fields.has("step") ? OptionalLong.of(integer(fields, "step")) : OptionalLong.empty(),
                        optionalNumber(fields, "alpha")));
            }
            if (sources.isEmpty()) {
                throw bad("sources", node.path("sources"));
            }
            return new Manifest.Merge(
                    Arrays.stream(Manifest.MergeMethod.values())
                            .filter(method -> method.toString().equals(word))
                            .findFirst()
                            .orElseThrow(() -> bad("method", word)),
                    optionalNumber(node, "density"),
                    optionalNumber(node, "ema"),
                    sources,
                    optionalString(node, "base"),
                    optionalInt(node, "rank"));
        }

        private OptionalDouble optionalNumber(ObjectNode node, String field) {
            return node.has(field) ? OptionalDouble.of(number(node, field)) : OptionalDouble.empty();
        }

        private List<Manifest.Adapter> adapters(ObjectNode node) {
            List<Manifest.Adapter> adapters = new ArrayList<>();
            for (JsonNode adapter : node.path("adapters")) {
                ObjectNode fields = asObject("adapters", adapter);
                adapters.add(new Manifest.Adapter(
                        string(fields, "path"), number(fields, "scale"), optionalNumber(fields, "alpha")));
            }
            return List.copyOf(adapters);
        }

        private double number(ObjectNode node, String field) {
            JsonNode value = node.path(field);
            if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
                throw bad(field, value);
            }
            return value.doubleValue();
        }

        private Manifest.FileEntry file(Map.Entry<String, JsonNode> entry) {
            ObjectNode fields = asObject(entry.getKey(), entry.getValue());
            requireInside(entry.getKey());
            String origin = string(fields, "origin");
            Manifest.Origin parsed = Arrays.stream(Manifest.Origin.values())
                    .filter(value ->
                            value.name().toLowerCase(java.util.Locale.ROOT).equals(origin))
                    .findFirst()
                    .orElseThrow(() -> bad("origin", origin));
            return new Manifest.FileEntry(
                    entry.getKey(),
                    parsed,
                    integer(fields, "size"),
                    optionalString(fields, "modified").map(text -> instant("modified", text)),
                    optionalString(fields, "sha256").map(this::hash));
        }

        private Manifest.TensorEntry tensor(Map.Entry<String, JsonNode> entry) {
            ObjectNode fields = asObject(entry.getKey(), entry.getValue());
            String dtype = string(fields, "dtype");
            JsonNode shape = fields.path("shape");
            List<Long> sizes = new ArrayList<>();
            if (!shape.isArray()) {
                throw bad("shape", shape);
            }
            for (JsonNode size : shape) {
                if (!size.isIntegralNumber() || !size.canConvertToLong() || size.longValue() < 0) {
                    throw bad("shape", shape);
                }
                sizes.add(size.longValue());
            }
            return new Manifest.TensorEntry(
                    Arrays.stream(DType.values())
                            .filter(type -> type.name().equals(dtype))
                            .findFirst()
                            .orElseThrow(() -> bad("dtype", dtype)),
                    new Shape(sizes),
                    hash(string(fields, "sha256")));
        }

        /// Relative, made of plain names, without a way out of the folder.
        private void requireInside(String path) {
            for (String name : path.split("/", -1)) {
                if (name.isEmpty()
                        || name.equals(".")
                        || name.equals("..")
                        || name.contains("\\")
                        || name.contains("\0")) {
                    throw new MalformedFileException(
                            ProblemCode.UNSAFE_PATH, Place.of(file), "checkpoints.manifest.path", path);
                }
            }
        }

        private String hash(String text) {
            if (!SHA256.matcher(text).matches()) {
                throw bad("sha256", text);
            }
            return text;
        }

        private Instant instant(String field, String text) {
            try {
                return Instant.parse(text);
            } catch (DateTimeException _) {
                throw bad(field, text);
            }
        }

        private ObjectNode object(ObjectNode node, String field) {
            return asObject(field, node.path(field));
        }

        private ObjectNode asObject(String field, JsonNode value) {
            if (value instanceof ObjectNode object) {
                return object;
            }
            throw bad(field, value);
        }

        private String string(ObjectNode node, String field) {
            JsonNode value = node.path(field);
            if (!value.isString()) {
                throw bad(field, value);
            }
            return value.stringValue();
        }

        private Optional<String> optionalString(ObjectNode node, String field) {
            return node.has(field) ? Optional.of(string(node, field)) : Optional.empty();
        }

        private OptionalInt optionalInt(ObjectNode node, String field) {
            if (!node.has(field)) {
                return OptionalInt.empty();
            }
            long value = integer(node, field);
            if (value > Integer.MAX_VALUE) {
                throw bad(field, value);
            }
            return OptionalInt.of((int) value);
        }

        private long integer(ObjectNode node, String field) {
            JsonNode value = node.path(field);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw bad(field, value);
            }
            return value.longValue();
        }

        private boolean bool(ObjectNode node, String field) {
            JsonNode value = node.path(field);
            if (!value.isBoolean()) {
                throw bad(field, value);
            }
            return value.booleanValue();
        }

        private MalformedFileException bad(String field, Object value) {
            return new MalformedFileException(
                    ProblemCode.MANIFEST, Place.of(file), "checkpoints.manifest.field", field, value);
        }
    }
}
