package io.github.cogvideo4j.server.internal.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Signatures of the server: cookies of sessions and addresses of videos, both for a time. What is signed for a key
/// ends with the key. The secret lies in the data folder, so that servers that share it know each other's.
public final class Seal {
    private static final int SECRET_BYTES = 32;
    private static final String ALGORITHM = "HmacSHA256";
    private static final String SEPARATOR = "~";
    private static final int LONGEST = 512;

    private final byte[] secret;
    private final ApiKeys keys;
    private final Clock clock;

    Seal(byte[] secret, ApiKeys keys, Clock clock) {
        this.secret = secret.clone();
        this.keys = keys;
        this.clock = clock;
    }

    /// Reads the secret of a data folder, or makes one.
    public static Seal of(Path folder, ApiKeys keys) throws IOException {
        Path file = folder.resolve("secret");
        if (!Files.exists(file)) {
            byte[] made = new byte[SECRET_BYTES];
            new SecureRandom().nextBytes(made);
            Path unfinished = Files.createTempFile(
                    folder,
                    "secret",
                    ".tmp",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(unfinished, made);
            try {
                // A link where nothing is: of two servers that start at once, both take the first one's.
                Files.createLink(file, unfinished);
                Files.delete(unfinished);
            } catch (FileAlreadyExistsException _) {
                Files.delete(unfinished);
            } catch (UnsupportedOperationException | IOException _) {
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            }
        }
        return new Seal(Files.readAllBytes(file), keys, Clock.systemUTC());
    }

    /// A sealed name.
    ///
    /// @param purpose what it is good for; a seal for one thing opens no other
    /// @param owner   the name of a key
    /// @param seconds for how long
    public String seal(String purpose, String owner, long seconds) {
        long until = clock.instant().getEpochSecond() + seconds;
        String said = owner + SEPARATOR + until;
        return said + SEPARATOR + signature(purpose, owner, said);
    }

    /// The name of the key that a seal is of, if it is ours and its time is not over.
    public Optional<String> owner(String purpose, String sealed) {
        String[] parts = sealed.length() > LONGEST ? new String[0] : sealed.split(SEPARATOR, -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        String owner = parts[0];
        byte[] expected =
                signature(purpose, owner, owner + SEPARATOR + parts[1]).getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, parts[2].getBytes(StandardCharsets.UTF_8))
                || !parts[1].matches("\\d{1,18}")) {
            return Optional.empty();
        }
        boolean over = Long.parseLong(parts[1]) <= clock.instant().getEpochSecond();
        boolean known = keys.required() ? keys.has(owner) : owner.equals(ApiKeys.LOCAL);
        return over || !known ? Optional.empty() : Optional.of(owner);
    }

    private String signature(String purpose, String owner, String said) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            mac.update(keys.fingerprint(owner).getBytes(StandardCharsets.UTF_8));
            mac.update((purpose + "\n" + said).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }
}
