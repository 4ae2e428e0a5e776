package io.github.cogvideo4j.formats.fuzz;

import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// The inputs that fuzzing starts from: small files of the fixtures, sound and broken ones, and the inputs that
/// earlier runs found, which are kept in `testing/src/test/resources/fuzz/TARGET`.
final class Seeds {
    /// @param name  where it comes from
    /// @param bytes the input
    record Seed(String name, byte[] bytes) {}

    private static final int LARGEST = 16 << 10;

    private Seeds() {}

    /// Writes all seeds of a target into a folder, for Jazzer.
    ///
    /// @param arguments the target and the folder
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[1]));
        for (Seed seed : of(FuzzTarget.named(arguments[0]))) {
            Files.write(folder.resolve(Resources.sha256(seed.bytes())), seed.bytes());
        }
    }

    /// All seeds of a target, each contents once.
    static Collection<Seed> of(FuzzTarget target) throws IOException {
        List<Seed> seeds = new ArrayList<>(found(target));
        switch (target) {
            case SAFETENSORS -> seeds.addAll(fixtures(".*\\.safetensors", bytes -> true));
            case ZIP -> seeds.addAll(torch('P'));
            case LEGACY -> seeds.addAll(torch('\u0080'));
            case PICKLE -> {
                seeds.addAll(torch('\u0080'));
                seeds.addAll(picklesInZips());
                AllowedGlobals.all()
                        .forEach(entry -> seeds.add(new Seed(entry.global().toString(), call(entry))));
            }
            case INDEX -> seeds.addAll(fixtures(".*\\.json", bytes -> true));
        }
        Map<String, Seed> distinct = new LinkedHashMap<>();
        seeds.forEach(seed -> distinct.putIfAbsent(Resources.sha256(seed.bytes()), seed));
        return distinct.values();
    }

    private static List<Seed> found(FuzzTarget target) throws IOException {
        Path folder = Resources.fuzz().resolve(target.folder());
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return read(folder, files.sorted().toList());
        }
    }

    private interface Wanted {
        boolean test(byte[] bytes);
    }

    private static List<Seed> torch(char first) throws IOException {
        return fixtures(".*\\.(pt|bin)", bytes -> bytes.length > 0 && bytes[0] == (byte) first);
    }

    /// Small files of the broken fixtures and of torch's zoo: they cover what the formats can express.
    private static List<Seed> fixtures(String name, Wanted wanted) throws IOException {
        Path root = Resources.fixture("");
        List<Seed> seeds = new ArrayList<>();
        for (String part : List.of("broken", "torch-zoo", "torch-legacy-transformer", "lora-zero2-bf16-w2")) {
            try (Stream<Path> files = Files.walk(root.resolve(part))) {
                seeds.addAll(read(
                        root,
                        files.filter(file -> file.toString().matches(name)
                                        && !file.endsWith("case.json")
                                        && Files.isRegularFile(file)
                                        && file.toFile().length() <= LARGEST)
                                .sorted()
                                .toList()));
            }
        }
        return seeds.stream().filter(seed -> wanted.test(seed.bytes())).toList();
    }

    private static List<Seed> read(Path root, List<Path> files) throws IOException {
        List<Seed> seeds = new ArrayList<>();
        for (Path file : files) {
            seeds.add(new Seed(root.relativize(file).toString(), Files.readAllBytes(file)));
        }
        return seeds;
    }

    private static List<Seed> picklesInZips() throws IOException {
        List<Seed> seeds = new ArrayList<>();
        Path root = Resources.fixture("");
        for (Seed archive : torch('P')) {
            try (ZipFile zip = new ZipFile(root.resolve(archive.name()).toFile())) {
                for (ZipEntry entry : zip.stream()
                        .filter(entry -> entry.getName().endsWith("data.pkl") && entry.getSize() <= LARGEST)
                        .toList()) {
                    try (InputStream pickle = zip.getInputStream(entry)) {
                        seeds.add(new Seed(archive.name() + "!" + entry.getName(), pickle.readNBytes(LARGEST)));
                    }
                }
            } catch (IOException notForTheJdk) {
                // A broken archive has nothing to give here; it is a seed of its own elsewhere.
            }
        }
        return seeds;
    }

    /// A call of an allowed name without arguments, then with a tuple of two.
    private static byte[] call(AllowedGlobals.Entry entry) {
        String global = "c" + entry.global().module() + "\n" + entry.global().name() + "\n";
        return ("(" + global + ")R" + global + "(I1\nVx\ntRl.").getBytes(StandardCharsets.UTF_8);
    }
}
