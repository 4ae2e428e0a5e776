package io.github.cogvideo4j.testing;

import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;
import org.junit.platform.commons.support.AnnotationSupport;

/// The generators that a [Property] is called with.
final class PropertySeeds implements ArgumentsProvider {
    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        Property property = AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), Property.class)
                .orElseThrow();
        Long only = Long.getLong("cogvideo4j.seed");
        LongStream seeds = only == null ? LongStream.rangeClosed(1, property.tries()) : LongStream.of(only);
        return seeds.mapToObj(seed -> Arguments.of(new Generator(seed)));
    }
}
