package io.github.cogvideo4j.inference.internal.cuda;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;

/// The settings of JavaCPP, which loads all native libraries.
///
/// Where the libraries on the class path are to give way to those in a folder has to be known before the first
/// of them is loaded, whichever that is; which folder, only before libtorch is.
public final class Presets {
    private static final String PREFIX = "org.bytedeco.javacpp.";
    private static final String PATHS_FIRST = PREFIX + "pathsFirst";
    private static final String CACHE = PREFIX + "cachedir";
    private static final String PATHS = "java.library.path";
    private static final String EXTENSION = "platform.extension";
    private static final String FOLDERS = "platform.preloadpath";
    /// A library that only a folder with our natives has.
    private static final String OURS = "libjnitorch.so";

    /// Whether the user has set JavaCPP up by hand, with options of the virtual machine.
    private static final boolean BY_HAND =
            Stream.of(EXTENSION, FOLDERS).anyMatch(name -> System.getProperty(PREFIX + name) != null);

    private static boolean settled;

    private Presets() {}

    /// To be called before the first class of JavaCPP is touched. Changes nothing for who has no CUDA set up.
    public static synchronized void settle() {
        if (settled) {
            return;
        }
        settled = true;
        CudaHome home = CudaHome.of(Map.copyOf(System.getenv()));
        if (home.hasNatives() && !BY_HAND && System.getProperty(PATHS_FIRST) == null) {
            System.setProperty(PATHS_FIRST, "true");
            // The system's folders would then come before the class path, too: another OpenBLAS, another FFmpeg.
            System.setProperty(PATHS, ours(System.getProperty(PATHS, "")));
            // JavaCPP puts links to our libraries beside those that it unpacks, where runs without CUDA would find
            // them.
            if (System.getProperty(CACHE) == null) {
                System.setProperty(CACHE, home.unpackedByOthers().toString());
            }
        }
    }

    private static String ours(String folders) {
        return Stream.of(folders.split(File.pathSeparator))
                .filter(folder -> !folder.isBlank() && Files.exists(Path.of(folder, OURS)))
                .collect(Collectors.joining(File.pathSeparator));
    }

    static boolean byHand() {
        return BY_HAND;
    }

    /// Has libtorch loaded from a folder, for CUDA. The properties are those that JavaCPP asks at every
    /// library.
    static void useCuda(Path natives) {
        settle();
        Properties properties = Loader.loadProperties();
        properties.setProperty(EXTENSION, "-gpu");
        properties.setProperty(FOLDERS, natives.toString());
    }

    /// Whether a library was loaded from a file, by its name without prefix and ending.
    static boolean loaded(String library) {
        return Loader.getLoadedLibraries().containsKey(library);
    }
}
