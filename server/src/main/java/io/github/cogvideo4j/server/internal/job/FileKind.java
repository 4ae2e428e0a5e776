package io.github.cogvideo4j.server.internal.job;

/// The files that a job has.
public enum FileKind {
    /// The video.
    VIDEO("video.mp4", "video/mp4"),
    /// Its first frame, small.
    THUMBNAIL("thumbnail.webp", "image/webp"),
    /// Frames spread over the video, in cells of one image.
    SPRITESHEET("spritesheet.webp", "image/webp"),
    /// The video as an animation.
    GIF("video.gif", "image/gif"),
    /// The record that makes the video again.
    RECORD("video.mp4.json", "application/json"),
    /// What was measured while it was made.
    FIGURES("figures.json", "application/json"),
    /// The last preview of a running job.
    PREVIEW("preview.png", "image/png");

    private final String fileName;
    private final String mediaType;

    FileKind(String fileName, String mediaType) {
        this.fileName = fileName;
        this.mediaType = mediaType;
    }

    /// The name within the job's folder.
    public String fileName() {
        return fileName;
    }

    /// Whether it is made of the video when somebody asks for it.
    public boolean isDerived() {
        return this == THUMBNAIL || this == SPRITESHEET || this == GIF;
    }

    /// The media type.
    public String mediaType() {
        return mediaType;
    }
}
