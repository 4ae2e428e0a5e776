package io.github.cogvideo4j.server.internal.settings;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.server.ServerSettings;
import io.github.cogvideo4j.server.ServerSettings.Access;
import io.github.cogvideo4j.server.ServerSettings.JobStorage;
import io.github.cogvideo4j.server.ServerSettings.Model;
import io.github.cogvideo4j.server.ServerSettings.Network;
import io.github.cogvideo4j.server.ServerSettings.Queue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// The reader of settings: each has one name, in whichever of the three places it stands.
public final class ServerSettingsReader {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final String POSTGRES = "jdbc:postgresql:";
    private static final int LARGEST_PORT = 65_535;
    private static final int MOST_TOGETHER = 64;
    private static final int MOST_MODELS = 32;
    private static final int MOST = 1_000_000;

    private static final What FOLDER = new What(Files::isDirectory, "server.settings.no-folder");
    private static final What FILE = new What(Files::isRegularFile, "server.settings.no-file");
    private static final What EITHER = new What(Files::exists, "server.settings.no-file");

    private final SettingValues values;

    private ServerSettingsReader(SettingValues values) {
        this.values = values;
    }

    /// Reads settings.
    public static ServerSettings read(
            Map<String, List<String>> given, Map<String, String> environment, Optional<Path> file) throws IOException {
        Map<String, List<String>> all = new HashMap<>();
        if (file.isPresent()) {
            all.putAll(SettingsFile.read(file.get()));
        }
        all.putAll(SettingValues.ofEnvironment(environment));
        all.putAll(given);
        return new ServerSettingsReader(new SettingValues(all)).settings();
    }

    private ServerSettings settings() throws IOException {
        ServerSettings settings = new ServerSettings(
                models(), one("lora-dir", FOLDER), options(), network(), access(), queue(), storage());
        values.requireNothingElse();
        boolean keys = settings.access().keys().isPresent()
                || settings.access().keyList().isPresent();
        if (!keys && !isLoopback(settings.network().host())) {
            throw refused("server.settings.needs-keys", settings.network().host());
        }
        return settings;
    }

    private List<Model> models() {
        List<String> transformers = values.all("transformer");
        List<Model> models = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String text : values.all("model")) {
            Named named = named(text);
            Path model = there("model", named.path(), FOLDER);
            if (!names.add(named.name())) {
                throw refused("server.settings.same-name", named.name());
            }
            models.add(new Model(named.name(), model, Optional.empty()));
        }
        if (models.isEmpty()) {
            throw refused("server.settings.no-model");
        }
        if (models.size() > MOST_MODELS) {
            throw refused("server.settings.models", models.size(), MOST_MODELS);
        }
        for (String text : transformers) {
            int equals = text.indexOf('=');
            boolean bare = equals < 0 || !names.contains(text.substring(0, equals));
            if (bare && models.size() > 1) {
                throw refused(
                        "server.settings.whose-transformer",
                        text,
                        names.stream().sorted().toList());
            }
            String name = bare ? models.getFirst().name() : text.substring(0, equals);
            Path path = there("transformer", bare ? text : text.substring(equals + 1), EITHER);
            models.replaceAll(
                    model -> model.name().equals(name) ? new Model(name, model.folder(), Optional.of(path)) : model);
        }
        return models;
    }

    /// @param path as it was typed
    private record Named(String name, String path) {}

    /// `name=path`, or a path whose last part is the name.
    private static Named named(String text) {
        int equals = text.indexOf('=');
        if (equals > 0 && NAME.matcher(text.substring(0, equals)).matches()) {
            return new Named(text.substring(0, equals), text.substring(equals + 1));
        }
        Path last = path("model", text).normalize().getFileName();
        String name = last == null ? "" : last.toString().replaceAll("[^A-Za-z0-9._-]", "-");
        return new Named(NAME.matcher(name).matches() ? name : "model", text);
    }

    private static Path path(String setting, String text) {
        try {
            return Path.of(text).toAbsolutePath();
        } catch (InvalidPathException _) {
            throw refused("server.settings.no-file", setting, Message.clean(text));
        }
    }

    /// A path at which something has to be. A refusal shows it as it was typed.
    private static Path there(String setting, String text, What what) {
        Path path = path(setting, text);
        if (!what.found().test(path)) {
            throw refused(what.absent(), setting, Message.clean(text));
        }
        return path;
    }

    /// What has to be at a path.
    ///
    /// @param absent the key of the sentence when it is not there
    private record What(Predicate<Path> found, String absent) {}

    private Optional<Path> one(String setting, What what) {
        return values.one(setting).map(text -> there(setting, text, what));
    }

    private PipelineOptions options() {
        PipelineOptions options = PipelineOptions.defaults();
        ComputeOptions usual = options.compute();
        Precision precision = values.choice("dtype", Precision.values(), usual.precision());
        String device = values.one("device").orElse(usual.device());
        int threads = values.whole("threads", usual.threads(), 1, MOST);
        return options.withCompute(new ComputeOptions(precision, device, threads))
                .withVae(new VaeOptions(values.flag("vae-tiling", false), false))
                .withWeights(values.choice("weights", WeightFormat.values(), WeightFormat.DENSE));
    }

    private Network network() {
        return new Network(
                values.one("host").orElse("127.0.0.1"),
                values.whole("port", 8_000, 0, LARGEST_PORT),
                values.whole("connections", 1_000, 1, MOST),
                values.time("idle-timeout", Duration.ofSeconds(30)),
                values.bytes("min-upload-rate").orElse(1_024),
                values.time("sync-timeout", Duration.ofSeconds(600)));
    }

    private Access access() {
        Optional<Path> keys = one("api-keys", FILE);
        Optional<String> list = values.one("keys").map(text -> text.replace(',', '\n'));
        if (keys.isPresent() && list.isPresent()) {
            throw refused("server.settings.both", "api-keys", "keys");
        }
        List<String> origins = values.all("cors-origin");
        for (String origin : origins) {
            if (!isOrigin(origin)) {
                throw refused("server.settings.origin", origin);
            }
        }
        return new Access(
                keys,
                list,
                origins,
                values.whole("jobs-per-minute", 120, 0, MOST),
                values.whole("uploads-per-minute", 60, 0, MOST));
    }

    /// A scheme, a host and a port, and nothing else: `*` would open everything to everyone.
    private static boolean isOrigin(String text) {
        try {
            URI uri = URI.create(text);
            return uri.getHost() != null
                    && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
                    && text.equals(uri.getScheme() + "://" + uri.getRawAuthority())
                    && uri.getRawUserInfo() == null;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private Queue queue() {
        return new Queue(
                values.whole("max-queue", 1_000, 1, MOST),
                values.time("max-work", Duration.ofDays(7)),
                values.whole("attempts", 2, 1, 100),
                values.time("lease", Duration.ofSeconds(45)),
                values.whole("max-batch", 1, 1, MOST_TOGETHER),
                values.time("grace", Duration.ofSeconds(30)));
    }

    private JobStorage storage() {
        String typed = values.one("data-dir").orElse("cogvideo-data");
        Path data = path("data-dir", typed).normalize();
        if (Files.exists(data) && !Files.isDirectory(data)) {
            throw refused("server.settings.no-folder", "data-dir", Message.clean(typed));
        }
        Optional<String> url = values.one("store");
        if (url.filter(text -> !text.startsWith(POSTGRES)).isPresent()) {
            // Not the URL itself: it may hold a password.
            throw refused("server.settings.store", POSTGRES);
        }
        return new JobStorage(
                data,
                url,
                values.retention("retention", Duration.ofDays(7)),
                values.bytes("quota"),
                values.bytes("min-free").orElse(1L << 30),
                values.bytes("model-memory"));
    }

    private static boolean isLoopback(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (!address.isLoopbackAddress()) {
                    return false;
                }
            }
            return true;
        } catch (UnknownHostException _) {
            throw refused("server.settings.host", host);
        }
    }

    static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
