package io.github.cogvideo4j.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The mark of a test that commits an abuse and sees it fail. What is said here is the table in `docs/security.md`.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Attack {
    /// What the abuse is called, in one word with hyphens.
    String name();

    /// What it tries to bring about.
    String tries();

    /// Why it cannot.
    String fails();
}
