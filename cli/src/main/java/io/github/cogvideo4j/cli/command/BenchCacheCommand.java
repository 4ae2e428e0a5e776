package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cli.arguments.CacheTables;
import io.github.cogvideo4j.cli.arguments.PipelineArguments;
import io.github.cogvideo4j.cli.arguments.ShapeArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.CacheTableReport;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import io.github.cogvideo4j.inference.quality.CacheBenchmark;
import io.github.cogvideo4j.inference.quality.CacheSubject;
import io.github.cogvideo4j.inference.quality.CacheTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo bench-cache`: what step caches save and cost with one's own model.
@Command(name = "bench-cache")
public final class BenchCacheCommand extends ConsoleCommand {
    @Mixin
    private final PipelineArguments model = new PipelineArguments();

    @Option(names = "--prompt", paramLabel = "TEXT")
    private List<String> prompts = new ArrayList<>();

    @Option(names = "--cache", paramLabel = "NAME[:KEY=VALUE,...]")
    private List<String> caches = new ArrayList<>();

    @Mixin
    private final ShapeArguments shape = new ShapeArguments();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "42")
    private long seed = 42;

    @Option(names = "--output-path", paramLabel = "HTML", defaultValue = "bench-cache.html")
    private Path output = Path.of("bench-cache.html");

    @Option(names = "--overwrite")
    private boolean overwrite;

    BenchCacheCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        Path folder = model.folder(Optional.empty());
        PipelineOptions options = model.options();
        OutputFile.check(output, overwrite);
        CacheSubject subject = CacheSubject.of(folder, options, shape.settings().steps());
        List<Supplier<PipelineRequestBuilder>> requests = new ArrayList<>();
        (prompts.isEmpty() ? CacheBenchmark.PROMPTS : prompts).forEach(prompt -> requests.add(() -> request(prompt)));
        List<CacheChoice> tried = caches.isEmpty()
                ? CacheBenchmark.USUAL
                : caches.stream().map(CacheChoice::of).toList();
        CacheTable table;
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(folder, options)) {
            for (CacheChoice cache : tried) {
                pipeline.plan(requests.getFirst().get().cache(cache).build());
            }
            table = new CacheTable(subject, new CacheBenchmark(pipeline, tried, this::begins).run(requests));
        }
        CacheTableReport report = new CacheTableReport(table);
        report.print(console);
        OutputFile.write(output, overwrite, unfinished -> Files.writeString(unfinished, report.page(console)));
        Path kept = table.write(CacheTables.folder(System.getenv()));
        console.print("cli.bench-cache.done", output, kept);
        ObjectNode result = table.json();
        result.put("page", output.toString());
        result.put("table", kept.toString());
        console.result(result);
        return ExitCode.DONE;
    }

    private JobControl begins(int number, int count, Optional<CacheChoice> cache) {
        if (cache.isPresent()) {
            console.note(
                    "cli.bench-cache.cached",
                    number,
                    count,
                    CacheTableReport.shown(cache.get().toString()));
        } else {
            console.note("cli.bench-cache.exact", number, count);
        }
        return JobControl.none();
    }

    private PipelineRequestBuilder request(String prompt) {
        return PipelineRequest.builder()
                .prompt(prompt)
                .settings(shape.settings())
                .seed(seed);
    }
}
