package io.github.cogvideo4j.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/// A test of something that holds for all inputs: it is called once for each seed from 1 to `tries`, with a
/// [Generator] to draw its input from. The seeds are the same in every run. A failure names its seed, and
/// `-Dcogvideo4j.seed=SEED` runs the test with that one alone.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@ParameterizedTest(name = "seed {0}")
@ArgumentsSource(PropertySeeds.class)
public @interface Property {
    /// How many inputs are tried.
    int tries();
}
