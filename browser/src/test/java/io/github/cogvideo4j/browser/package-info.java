/// The program's pages, used as people use them: with a browser, its keyboard, and a screen reader's rules.
@org.jspecify.annotations.NullMarked
package io.github.cogvideo4j.browser;
