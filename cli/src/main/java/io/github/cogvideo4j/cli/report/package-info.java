/// What is told of a plan, of a result and on the way to it: sentences and tables for people, fields of JSON.
@NullMarked
package io.github.cogvideo4j.cli.report;

import org.jspecify.annotations.NullMarked;
