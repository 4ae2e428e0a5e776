package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver.Card;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What of CUDA is on a machine, looked up in the order in which it is needed. Nothing is opened but the
/// driver.
///
/// @param steps     what was looked at, in order
/// @param seesCard  whether the machine has a card, usable or not
/// @param card      the number of the card that is meant and can be used
/// @param libraries where each group of libraries comes from
/// @param natives   where libtorch for CUDA lies
public record CudaDetection(
        List<CudaStep> steps,
        boolean seesCard,
        OptionalInt card,
        Map<LibraryGroup, LibraryPlace> libraries,
        Path natives) {
    /// The one system that there is a build for.
    static final String PLATFORM = "linux-x86_64";

    /// What the published build has machine code for; code for a card runs on those of the same major and a
    /// higher minor version.
    private static final List<Integer> BUILT_FOR = List.of(75, 80, 90, 100, 103, 120);
    private static final int TENS = 10;

    /// `CUDA_ERROR_SYSTEM_DRIVER_MISMATCH`.
    private static final int MISMATCH = 803;

    /// Copies the lists.
    public CudaDetection {
        steps = List.copyOf(steps);
        libraries = Map.copyOf(libraries);
    }

    /// Looks at this machine.
    ///
    /// @param wanted the number of the card that is meant; the first that can be used where it is empty
    public static CudaDetection here(OptionalInt wanted) {
        Map<String, String> environment = Map.copyOf(System.getenv());
        CudaHome home = CudaHome.of(environment);
        String platform = platform();
        return of(
                platform,
                platform.equals(PLATFORM) ? NvidiaDriver.here() : NONE,
                LibrarySearch.of(environment, home, Path.of("/")),
                home,
                wanted);
    }

    private static final NvidiaDriver NONE = new NvidiaDriver(NvidiaDriver.State.ABSENT, 0, 0, List.of());

    /// This system as artifacts are named.
    static String platform() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String name = system.startsWith("mac") ? "macosx" : system.split(" ", 2)[0];
        String processor = System.getProperty("os.arch", "");
        return name + "-"
                + switch (processor) {
                    case "amd64" -> "x86_64";
                    case "aarch64" -> "arm64";
                    default -> processor;
                };
    }

    /// Looks at a machine.
    static CudaDetection of(
            String platform, NvidiaDriver driver, LibrarySearch search, CudaHome home, OptionalInt wanted) {
        if (!platform.equals(PLATFORM)) {
            CudaStep refused = CudaStep.gap(
                    "cuda-driver",
                    Message.of("inference.cuda.platform", platform),
                    Message.of(
                            switch (platform.split("-", 2)[0]) {
                                case "macosx" -> "inference.cuda.platform-mac";
                                case "windows" -> "inference.cuda.platform-windows";
                                default -> "inference.cuda.platform-other";
                            }));
            return new CudaDetection(List.of(refused), false, OptionalInt.empty(), Map.of(), home.natives());
        }
        List<CudaStep> steps = new ArrayList<>();
        CudaStep first = driver(driver);
        steps.add(first);
        OptionalInt card = OptionalInt.empty();
        if (driver.state() == NvidiaDriver.State.PRESENT) {
            card = choose(driver.cards(), wanted);
            steps.add(card(driver.cards(), wanted, card));
        }
        steps.add(natives(home));
        Map<LibraryGroup, LibraryPlace> chosen = search.chosen();
        steps.add(libraries(search, chosen));
        return new CudaDetection(steps, driver.seesCard(), card, chosen, home.natives());
    }

    /// The first thing that is not as it should be.
    public Optional<CudaStep> gap() {
        return steps.stream().filter(step -> !step.isGood()).findFirst();
    }

    private static CudaStep driver(NvidiaDriver driver) {
        String name = "cuda-driver";
        Message install = Message.of("inference.cuda.driver-advice");
        return switch (driver.state()) {
            case ABSENT -> CudaStep.gap(name, Message.of("inference.cuda.no-driver"), install);
            case KERNEL_ONLY ->
                CudaStep.gap(
                        name, Message.of("inference.cuda.container"), Message.of("inference.cuda.container-advice"));
            case REFUSES ->
                CudaStep.gap(
                        name,
                        Message.of("inference.cuda.driver-refuses", driver.code()),
                        driver.version() < NvidiaDriver.NEEDED
                                ? install
                                : Message.of(
                                        driver.code() == MISMATCH
                                                ? "inference.cuda.driver-mismatch"
                                                : "inference.cuda.driver-refuses-advice"));
            case INCOMPLETE -> CudaStep.gap(name, Message.of("inference.cuda.driver-incomplete"), install);
            case PRESENT ->
                driver.version() < NvidiaDriver.NEEDED
                        ? CudaStep.gap(
                                name, Message.of("inference.cuda.driver-old", version(driver.version())), install)
                        : CudaStep.good(name, "inference.cuda.driver", version(driver.version()));
        };
    }

    private static String version(int version) {
        return version / 1000 + "." + version % 1000 / TENS;
    }

    private static OptionalInt choose(List<Card> cards, OptionalInt wanted) {
        return IntStream.range(0, cards.size())
                .filter(index -> wanted.isEmpty() || wanted.getAsInt() == index)
                .filter(index -> isBuiltFor(cards.get(index)))
                .findFirst();
    }

    private static boolean isBuiltFor(Card card) {
        return BUILT_FOR.stream().anyMatch(code -> code / TENS == card.major() && code % TENS <= card.minor());
    }

    private static CudaStep card(List<Card> cards, OptionalInt wanted, OptionalInt usable) {
        String name = "cuda-card";
        if (cards.isEmpty()) {
            return CudaStep.gap(
                    name, Message.of("inference.cuda.no-card"), Message.of("inference.cuda.no-card-advice"));
        }
        if (usable.isPresent()) {
            return CudaStep.good(
                    name,
                    "inference.cuda.card",
                    cards.stream().map(CudaDetection::described).toList());
        }
        if (wanted.isPresent() && wanted.getAsInt() >= cards.size()) {
            return CudaStep.gap(
                    name,
                    Message.of("inference.cuda.few-cards", cards.size(), cards.size() - 1),
                    Message.of("inference.cuda.few-cards-advice"),
                    Remedy.change(Remedy.Field.DEVICE, "auto"));
        }
        Card card = cards.get(wanted.orElse(0));
        boolean old = card.major() * TENS + card.minor() < BUILT_FOR.getFirst();
        return CudaStep.gap(
                name,
                Message.of(old ? "inference.cuda.old-card" : "inference.cuda.new-card", card.name(), card.capability()),
                Message.of(old ? "inference.cuda.old-card-advice" : "inference.cuda.new-card-advice"));
    }

    private static String described(Card card) {
        return String.format(
                Locale.ROOT,
                "%s (sm_%d%d, %.1f GB)",
                card.name(),
                card.major(),
                card.minor(),
                card.memoryBytes() / 1e9);
    }

    private static CudaStep natives(CudaHome home) {
        String name = "cuda-libtorch";
        return home.hasNatives()
                ? CudaStep.good(name, "inference.cuda.natives", home.natives())
                : CudaStep.gap(
                        name,
                        Message.of("inference.cuda.no-natives"),
                        Message.of("inference.cuda.no-natives-advice"),
                        new Remedy.SetUpCuda());
    }

    private static CudaStep libraries(LibrarySearch search, Map<LibraryGroup, LibraryPlace> chosen) {
        String name = "cuda-libraries";
        for (LibraryGroup group : LibraryGroup.values()) {
            if (!chosen.containsKey(group)) {
                return CudaStep.gap(
                        name,
                        search.lacking(group),
                        Message.of("inference.cuda.lacking-advice"),
                        new Remedy.SetUpCuda());
            }
        }
        return new CudaStep(name, from(chosen), Optional.empty(), List.of());
    }

    /// `CUDA 13 and cuDNN 9 from A; NCCL 2 from B`.
    private static Message from(Map<LibraryGroup, LibraryPlace> chosen) {
        Map<LibraryPlace, List<LibraryGroup>> byPlace = chosen.keySet().stream()
                .sorted()
                .collect(Collectors.groupingBy(chosen::get, LinkedHashMap::new, Collectors.toList()));
        return byPlace.entrySet().stream()
                .map(entry -> Message.of(
                        "inference.cuda.from",
                        entry.getValue().stream().map(LibraryGroup::title).toList(),
                        entry.getKey().name()))
                .reduce((before, next) -> Message.of("inference.cuda.and", before, next))
                .orElseThrow();
    }
}
