package io.github.cogvideo4j.cli.project;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.github.cogvideo4j.cli.AotTrainingRun;
import io.github.cogvideo4j.cli.Main;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// The arrows between the modules, and what only one place may do.
class ArchitectureTest {
    private static final String OURS = "io.github.cogvideo4j.";

    /// What a module may use: the arrows of docs/architecture.md, followed to their ends.
    private static final Map<String, Set<String>> ARROWS = Map.of(
            "formats", Set.of(),
            "checkpoints", Set.of("formats"),
            "inference", Set.of("formats", "checkpoints"),
            "server", Set.of("formats", "checkpoints", "inference"),
            "cluster", Set.of("formats", "checkpoints", "inference"),
            "cli", Set.of("formats", "checkpoints", "inference", "server", "cluster"));

    private static final Set<String> LIBRARY = Set.of("formats", "checkpoints", "inference");

    static final List<String> MODULES = ARROWS.keySet().stream().sorted().toList();

    /// The names under which libtorch loads pickles and TorchScript, which execute what they read.
    private static final Set<String> LOADERS =
            Set.of("load", "jit_load", "pickle_load", "pickle_load_obj", "torch_load", "import_ir_module", "unpickle");

    private static JavaClasses program;

    @BeforeAll
    static void readClasses() {
        List<Path> folders = ProjectFiles.modules().stream()
                .map(module -> ProjectFiles.ROOT.resolve(module).resolve("target/classes"))
                .filter(Files::isDirectory)
                .toList();
        program = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPaths(folders);
        for (String module : MODULES) {
            // A rule about classes that were not read would hold.
            assertThat(program)
                    .as(module)
                    .anyMatch(type -> type.getPackageName().startsWith(OURS + module));
        }
    }

    @Test
    void everyModuleIsKnownHere() {
        assertThat(ProjectFiles.modules())
                .contains("formats", "checkpoints", "inference", "cli")
                .allMatch(module -> ARROWS.containsKey(module) || module.equals("benchmarks"));
    }

    @ParameterizedTest
    @FieldSource("MODULES")
    void modulesUseOnlyWhatTheirArrowsReach(String module) {
        Stream<String> others = Stream.concat(MODULES.stream(), Stream.of("benchmarks", "testing"))
                .filter(other -> !other.equals(module) && !ARROWS.get(module).contains(other));
        check(noClasses()
                .that()
                .resideInAPackage(OURS + module + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others.map(other -> OURS + other + "..").toArray(String[]::new)));
    }

    /// Each package of a module, with what lies below it, can be understood without those that use it. What is
    /// internal to a package counts as a part of it: `checkpoints.internal.doctor` of `checkpoints.doctor`.
    @Test
    void noPackagesNeedEachOther() {
        check(slices().assignedFrom(new PackageOfModule()).should().beFreeOfCycles());
    }

    private static final class PackageOfModule implements SliceAssignment {
        private static final Pattern PACKAGE =
                Pattern.compile(Pattern.quote(OURS) + "(\\w+)\\.(?:internal\\.)?(\\w+)(\\..*)?");

        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            Matcher matcher = PACKAGE.matcher(javaClass.getPackageName());
            return matcher.matches()
                    ? SliceIdentifier.of(matcher.group(1), matcher.group(2))
                    : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "packages of modules";
        }
    }

    /// What is internal to a library module is for it and for the library modules above it, never for a front
    /// end.
    @ParameterizedTest
    @FieldSource("MODULES")
    void internalPackagesAreNotForFrontEnds(String module) {
        List<String> above = ARROWS.entrySet().stream()
                .filter(entry -> entry.getValue().contains(module) && LIBRARY.contains(entry.getKey()))
                .map(entry -> OURS + entry.getKey() + "..")
                .toList();
        check(noClasses()
                .that()
                .resideOutsideOfPackages(
                        Stream.concat(Stream.of(OURS + module + "..", OURS + "benchmarks.."), above.stream())
                                .toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(OURS + module + "..internal.."));
    }

    /// Converting, verifying and diagnosing need no native library.
    @Test
    void formatsAndCheckpointsArePureJava() {
        check(classes()
                .that()
                .resideInAnyPackage(OURS + "formats..", OURS + "checkpoints..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "java..",
                        "tools.jackson..",
                        "org.jspecify..",
                        "org.ejml..",
                        OURS + "formats..",
                        OURS + "checkpoints..")));
        // Linear algebra is for taking an adapter out of a model, and for nothing else.
        check(noClasses()
                .that()
                .resideOutsideOfPackages(OURS + "checkpoints.lora..", OURS + "checkpoints.internal.lora..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.ejml.."));
        check(noClasses()
                .that()
                .resideInAnyPackage(OURS + "formats..", OURS + "checkpoints..")
                .should()
                .callMethod(System.class, "load", String.class)
                .orShould()
                .callMethod(System.class, "loadLibrary", String.class));
    }

    /// A trainer with names of its own is one class in the list of naming schemes: nothing else knows it.
    @Test
    void onlyTheListOfNamingSchemesKnowsSat() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(OURS + "checkpoints.internal.source.sat..")
                .and()
                .doNotHaveSimpleName("NamingSchemes")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(OURS + "checkpoints.internal.source.sat.."));
    }

    @Test
    void onlyMainEndsTheProcess() {
        check(noClasses()
                .that()
                .doNotBelongToAnyOf(Main.class)
                .and()
                .resideOutsideOfPackage(OURS + "benchmarks..")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class));
    }

    @Test
    void onlyTheConsolePrints() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(OURS + "cli.console..", OURS + "benchmarks..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace"));
    }

    @Test
    void nothingDeserializesObjects() {
        check(noClasses().should().dependOnClassesThat().haveFullyQualifiedName("java.io.ObjectInputStream"));
    }

    @Test
    void nothingCallsTheLoadersOfLibtorch() {
        check(noClasses()
                .should()
                .callMethodWhere(JavaCall.Predicates.target(
                                com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                                        resideInAPackage("org.bytedeco.pytorch..")))
                        .and(are(DescribedPredicate.describe(
                                "a loader of pickles or TorchScript", call -> LOADERS.contains(call.getName()))))));
    }

    /// Those classes load only beside the CUDA presets and a driver, and fail with errors elsewhere.
    @Test
    void nothingNeedsTheBindingsOfCuda() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.bytedeco.cuda..", "org.bytedeco.pytorch.cuda.."));
    }

    /// The server listens; of all else only the packages of `--enhance-prompt` and `setup` connect to anywhere, and the
    /// rehearsal for the JVM's cache to the server that it has started itself.
    @Test
    void nothingOpensAConnection() {
        check(noClasses()
                .that()
                .doNotBelongToAnyOf(AotTrainingRun.class)
                .and()
                .resideOutsideOfPackages(
                        OURS + "server..", OURS + "cluster..", OURS + "cli.enhance..", OURS + "cli.setup..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net.http..", "javax.net..")
                .orShould()
                .callMethod(URL.class, "openStream")
                .orShould()
                .callMethod(URL.class, "openConnection")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.net.Socket"));
    }

    /// What the tokenizer's library brings can download; only its tokenizer is used.
    @Test
    void onlyTheTokenizerUsesItsLibrary() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(OURS + "inference.internal.text..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl.."));
        check(noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("ai.djl..")
                        .and(DescribedPredicate.not(resideInAPackage("ai.djl.sentencepiece..")))));
    }

    /// A path is given to FFmpeg as one of the protocol `file`, by one place. WebP images are decoded from
    /// bytes that are in memory already: that takes the codec, and neither a path nor a container.
    @Test
    void onlyTheVideoPackagesUseFfmpeg() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(OURS + "inference.video..", OURS + "inference.internal.video..")
                .and()
                .haveNameNotMatching(".*\\.inference\\.image\\.(?:WebpFile|WebpEncoder)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.ffmpeg.."));
        check(noClasses()
                .that()
                .resideOutsideOfPackages(OURS + "inference.video..", OURS + "inference.internal.video..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.ffmpeg.avformat..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("org.bytedeco.ffmpeg.global.avformat"));
    }

    /// A simple name that two types share has to be read with its package.
    @Test
    void everySimpleNameIsOfOneType() {
        assertThat(program.stream()
                        .filter(type ->
                                type.isTopLevelClass() && !type.getSimpleName().equals("package-info")))
                .extracting(JavaClass::getSimpleName)
                .doesNotHaveDuplicates();
    }

    /// Nor does a nested type that others may see have the name of a top-level one. Private ones are read in their
    /// file.
    @Test
    void noNestedTypeHasTheNameOfATopLevelOne() {
        Set<String> names = program.stream()
                .filter(JavaClass::isTopLevelClass)
                .map(JavaClass::getSimpleName)
                .collect(Collectors.toSet());
        assertThat(program.stream()
                        .filter(type -> type.isNestedClass()
                                && !type.isAnonymousClass()
                                && !type.getModifiers().contains(JavaModifier.PRIVATE)))
                .filteredOn(type -> names.contains(type.getSimpleName()))
                .extracting(JavaClass::getName)
                .isEmpty();
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(program);
    }
}
