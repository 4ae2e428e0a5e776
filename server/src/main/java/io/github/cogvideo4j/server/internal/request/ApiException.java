package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.formats.problem.Message;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// A request over HTTP that is refused, with all that its answer says.
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final ErrorType type;
    private final String code;
    private final Optional<String> parameter;
    private final transient Message told;
    private final Optional<Duration> retryAfter;

    private ApiException(
            int status,
            ErrorType type,
            String code,
            Optional<String> parameter,
            Message told,
            Optional<Duration> retryAfter) {
        super(told.text());
        this.status = status;
        this.type = type;
        this.code = code;
        this.parameter = parameter;
        this.told = told;
        this.retryAfter = retryAfter;
    }

    /// Kinds of refusal, as OpenAI's API calls them.
    public enum ErrorType {
        /// The request has to be changed.
        INVALID_REQUEST_ERROR,
        /// The key is wrong or absent.
        AUTHENTICATION_ERROR,
        /// The key may not do this.
        PERMISSION_ERROR,
        /// Too much at once.
        RATE_LIMIT_ERROR,
        /// The server cannot, for now or because of a defect.
        SERVER_ERROR;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A value that cannot be taken.
    public static ApiException invalid(String parameter, String key, Object... arguments) {
        return invalid(parameter, "invalid_value", key, arguments);
    }

    /// A value that cannot be taken, with a code of its own.
    public static ApiException invalid(String parameter, String code, Message told) {
        return new ApiException(
                400, ErrorType.INVALID_REQUEST_ERROR, code, Optional.of(parameter), told, Optional.empty());
    }

    private static ApiException invalid(String parameter, String code, String key, Object... arguments) {
        return invalid(parameter, code, Message.of(key, arguments));
    }

    /// Something that has to be there and is not.
    public static ApiException missing(String parameter) {
        return invalid(parameter, "missing_required_parameter", "server.request.missing", parameter);
    }

    /// Something that has no meaning here.
    public static ApiException unknown(String parameter) {
        return invalid(parameter, "unknown_parameter", "server.request.unknown", parameter);
    }

    /// A request that is wrong as a whole.
    public static ApiException of(int status, ErrorType type, String code, String key, Object... arguments) {
        return new ApiException(status, type, code, Optional.empty(), Message.of(key, arguments), Optional.empty());
    }

    /// With a parameter that is at fault.
    public ApiException at(String name) {
        return new ApiException(status, type, code, Optional.of(name), told, retryAfter);
    }

    /// With a time after which another try is worth it.
    public ApiException after(Duration time) {
        return new ApiException(status, type, code, parameter, told, Optional.of(time));
    }

    /// With a sentence instead of its own.
    public ApiException saying(Message message) {
        return new ApiException(status, type, code, parameter, message, retryAfter);
    }

    /// The status of the answer.
    public int status() {
        return status;
    }

    /// The kind of refusal.
    public ErrorType type() {
        return type;
    }

    /// The code, which programs compare.
    public String code() {
        return code;
    }

    /// The parameter at fault.
    public Optional<String> parameter() {
        return parameter;
    }

    /// The sentence.
    public Message told() {
        return told;
    }

    /// After which time it is worth another try.
    public Optional<Duration> retryAfter() {
        return retryAfter;
    }
}
