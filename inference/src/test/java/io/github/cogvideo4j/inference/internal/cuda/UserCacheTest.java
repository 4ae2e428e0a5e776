package io.github.cogvideo4j.inference.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UserCacheTest {
    @ParameterizedTest
    @CsvSource({
        "Linux, '', '', /home/ann/.cache/cogvideo4j",
        "Linux, XDG_CACHE_HOME, /scratch/ann, /scratch/ann/cogvideo4j",
        "Linux, XDG_CACHE_HOME, relative, /home/ann/.cache/cogvideo4j",
        "Linux, XDG_CACHE_HOME, '', /home/ann/.cache/cogvideo4j",
        "Mac OS X, '', '', /home/ann/Library/Caches/cogvideo4j",
        "Windows 11, LOCALAPPDATA, /c/local, /c/local/cogvideo4j",
        "Windows 11, '', '', /home/ann/AppData/Local/cogvideo4j"
    })
    void isWhereTheSystemKeepsCaches(String system, String variable, String value, Path folder) {
        assertThat(UserCache.folder(Map.of(variable, value), Path.of("/home/ann"), system))
                .isEqualTo(folder);
    }
}
