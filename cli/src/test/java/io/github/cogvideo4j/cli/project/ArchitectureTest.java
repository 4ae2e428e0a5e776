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
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.github.cogvideo4j.cli.Main;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /// The modules that ask the library for work, as its users do.
    private static final List<String> FRONT_ENDS = List.of("server", "cluster", "cli");

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

    /// Each package of a module, with what lies below it, can be understood without those that use it.
    @Test
    void noPackagesNeedEachOther() {
        check(slices().matching(OURS + "(*).(*)..").should().beFreeOfCycles());
    }

    /// What is not for users of the library is in `internal` packages. A library module may use those of the modules
    /// below it, which are made together with it; a front end may use none.
    @Test
    void frontEndsUseNoInternalPackage() {
        check(noClasses()
                .that()
                .resideInAnyPackage(FRONT_ENDS.stream().map(module -> OURS + module + "..").toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(Stream.of("formats", "checkpoints", "inference")
                        .map(module -> OURS + module + "..internal..").toArray(String[]::new)));
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
                .resideOutsideOfPackage(OURS + "checkpoints.lora..")
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

    /// The server will listen; nothing connects to anywhere.
    @Test
    void nothingOpensAConnection() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(OURS + "server..", OURS + "cluster..")
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
                .resideOutsideOfPackage(OURS + "inference.text..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl.."));
        check(noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("ai.djl..")
                        .and(DescribedPredicate.not(resideInAPackage("ai.djl.sentencepiece..")))));
    }

    /// A path is given to FFmpeg as one of the protocol `file`, by one place.
    @Test
    void onlyTheVideoPackageUsesFfmpeg() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(OURS + "inference.video..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.ffmpeg.."));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(program);
    }
}
