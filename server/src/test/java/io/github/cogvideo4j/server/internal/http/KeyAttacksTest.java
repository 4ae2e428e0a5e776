package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// Attacks on keys, on sessions and signed addresses, and on what is another key's.
class KeyAttacksTest extends AccessAttacks {
    @Test
    @Attack(
            name = "key-absent",
            tries = "every path without a key",
            fails = "all need one but health, metrics, the description, the session and the page's own files")
    void withoutAKeyNothingIsAnswered() throws IOException {
        for (String operation : OpenApi.SERVED.operations()) {
            String[] parts = operation.split(" ");
            String path = parts[1].replaceAll("\\{[a-z]+}", "x");
            HttpResponse<String> answer = Front.send(front.request(path)
                    .method(parts[0], BodyPublishers.noBody())
                    .build());
            if (ServiceRoutes.OPEN.contains(path)) {
                assertThat(answer.statusCode()).as(operation).isNotEqualTo(401);
            } else {
                assertThat(Front.code(answer)).as(operation).isEqualTo("401 invalid_api_key");
                assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            }
        }
    }

    @Test
    @Attack(
            name = "key-altered",
            tries = "a key cut short, lengthened, in other case, in another scheme, in the address or empty",
            fails = "the hash of the whole key is compared, and a key counts in one place only")
    void onlyTheWholeKeyCounts() throws IOException {
        List<String> wrong = List.of(
                "Bearer " + Front.ALICE.substring(1),
                "Bearer " + Front.ALICE + "x",
                "Bearer " + Front.ALICE.toUpperCase(Locale.ROOT),
                "Bearer ",
                "Basic " + Front.ALICE,
                Front.ALICE,
                "Bearer alice",
                "Bearer " + Front.ALICE + " " + Front.BOB);
        for (String header : wrong) {
            assertThat(front.get("/v1/videos", "Authorization", header).statusCode())
                    .as(header)
                    .isEqualTo(401);
        }
        assertThat(front.get("/v1/videos?api_key=" + Front.ALICE + "&key=" + Front.ALICE)
                        .statusCode())
                .isEqualTo(401);
        assertThat(front.get("/v1/videos", "X-Api-Key", Front.ALICE).statusCode())
                .isEqualTo(401);
        assertThat(front.get("/v1/videos", AS_ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    @Attack(
            name = "key-guessing",
            tries = "key after key",
            fails = "after sixty wrong ones in a minute an address is told to wait")
    void guessingIsSlow() throws IOException {
        int status = 401;
        int tries = 0;
        while (status == 401 && tries++ < 100) {
            status = front.get("/v1/videos", "Authorization", "Bearer guess" + tries)
                    .statusCode();
        }
        assertThat(status).isEqualTo(429);
        assertThat(front.get("/v1/videos", AS_ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    @Attack(
            name = "key-echo",
            tries = "to read keys in answers, errors or metrics",
            fails = "keys are kept as hashes, and no answer repeats what came as one")
    void noKeyIsEverTold() throws IOException {
        front.create(AS_ALICE);
        String told = front.get("/v1/videos", "Authorization", "Bearer wrong-key-0000")
                        .body()
                + front.get("/metrics").body()
                + front.get("/v1/videos", AS_ALICE).body()
                + front.post("/v1/session", "{\"key\":\"wrong-key-0000\"}").body();
        assertThat(told).doesNotContain("wrong-key", Front.ALICE, Front.BOB);
    }

    @Test
    @Attack(
            name = "others-video",
            tries = "another key's video by its id: read, change, repeat, continue, cancel, delete it",
            fails = "whose it is is part of every look-up, so it does not exist for others")
    void anothersVideoDoesNotExist() throws IOException {
        String id = front.create(AS_ALICE);
        front.jobs.finish(id);
        String path = "/v1/videos/" + id;
        List<HttpResponse<String>> answers = new ArrayList<>();
        for (String end : List.of("", "/content", "/content?variant=thumbnail", "/record", "/preview", "/events")) {
            answers.add(front.get(path + end, AS_BOB));
        }
        answers.add(front.delete(path, AS_BOB));
        answers.add(front.post(path + "/remix", "{\"prompt\":\"p\"}", AS_BOB));
        answers.add(front.post(path + "/cancel", "", AS_BOB));
        answers.add(front.post(path + "/url", "", AS_BOB));
        answers.add(front.post(path + "/move", "{\"position\":1}", AS_BOB));
        String video = "{\"prompt\":\"p\",\"seconds\":1,\"video\":{\"id\":\"" + id + "\"}}";
        answers.add(front.post("/v1/videos/edits", video, AS_BOB));
        answers.add(front.post("/v1/videos/extensions", video, AS_BOB));
        answers.add(front.get("/v1/videos?after=" + id, AS_BOB));
        assertThat(answers).allSatisfy(answer -> assertThat(Front.code(answer)).isEqualTo("404 video_not_found"));
        assertThat(Front.json(front.get("/v1/videos", AS_BOB)).get("data").isEmpty())
                .isTrue();
        assertThat(front.get(path, AS_ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    @Attack(
            name = "others-events",
            tries = "to watch the stream of all changes for those of other keys",
            fails = "a stream has the changes of its own key's videos")
    void anothersChangesAreNotTold() throws IOException {
        String alices = front.create(AS_ALICE);
        String bobs = front.create(AS_BOB);
        front.jobs.cancel("bob", bobs);
        String text =
                front.raw("GET /v1/videos/" + bobs + "/events HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer "
                        + Front.BOB + "\r\nLast-Event-ID: 0\r\n\r\n");
        assertThat(text).contains(bobs).doesNotContain(alices);
    }

    @Test
    @Attack(name = "others-queue", tries = "to stop everybody's queue", fails = "only the key named admin may")
    void notEverybodyStopsTheQueue() throws IOException {
        assertThat(Front.code(front.post("/v1/queue/pause", "", AS_ALICE))).isEqualTo("403 admin_only");
        assertThat(front.post("/v1/queue/pause", "", "Authorization", "Bearer " + Front.ADMIN)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    @Attack(
            name = "cookie-forged",
            tries = "a session's cookie with another name, another time, or a signature cut off",
            fails = "name and time are signed, and what is signed ends with the key it was signed for")
    void aCookieCannotBeMade() throws IOException {
        String cookie = login(Front.ALICE);
        assertThat(front.get("/v1/videos", "Cookie", cookie).statusCode()).isEqualTo(200);
        String[] parts = cookie.split("[=~]", -1);
        List<String> forged = List.of(
                parts[0] + "=bob~" + parts[2] + "~" + parts[3],
                parts[0] + "=alice~99999999999~" + parts[3],
                parts[0] + "=alice~" + parts[2] + "~",
                parts[0] + "=alice~" + parts[2],
                parts[0] + "=alice",
                cookie.substring(0, cookie.length() - 1));
        for (String one : forged) {
            assertThat(front.get("/v1/videos", "Cookie", one).statusCode())
                    .as(one)
                    .isEqualTo(401);
        }
    }

    @Test
    @Attack(
            name = "cookie-stolen",
            tries = "a script that reads the session's cookie, or another site that sends it",
            fails = "it is HttpOnly and SameSite=Strict")
    void aCookieIsOutOfReach() throws IOException {
        String header = front.post("/v1/session", "{\"key\":\"" + Front.ALICE + "\"}")
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow();
        assertThat(header).contains("HttpOnly", "SameSite=Strict", "Path=/").doesNotContain(Front.ALICE, "Domain");
        String encrypted = front.post("/v1/session", "{\"key\":\"" + Front.ALICE + "\"}", "X-Forwarded-Proto", "https")
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow();
        assertThat(encrypted).contains("Secure");
    }

    @Test
    @Attack(
            name = "signed-url-reused",
            tries = "the signature of one file for another file, another video, a change, or as a cookie",
            fails = "path and variant are signed, it reads only, and seals for one thing open no other")
    void aSignedAddressIsForOneFile() throws IOException {
        String id = front.create(AS_ALICE);
        String other = front.create(AS_ALICE);
        front.jobs.finish(id);
        front.jobs.finish(other);
        String url = Front.json(front.post("/v1/videos/" + id + "/url", "", AS_ALICE))
                .get("url")
                .stringValue();
        assertThat(Front.bytes(front.request(url).build()).statusCode()).isEqualTo(200);
        String signature = url.substring(url.indexOf("signature=") + "signature=".length());
        List<String> others = List.of(
                url.replace("variant=video", "variant=thumbnail"),
                url.replace(id, other),
                "/v1/videos/" + id + "?signature=" + signature,
                "/v1/videos?signature=" + signature,
                "/v1/videos/" + id + "/content?signature=" + signature,
                url.replace("alice~", "bob~"));
        for (String one : others) {
            assertThat(Front.bytes(front.request(one).build()).statusCode())
                    .as(one)
                    .isEqualTo(401);
        }
        assertThat(front.delete("/v1/videos/" + id + "?signature=" + signature).statusCode())
                .isEqualTo(401);
        assertThat(front.get("/v1/videos", "Cookie", "cogvideo_session=" + signature)
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    @Attack(
            name = "key-and-cookie",
            tries = "a wrong key beside a good cookie or signature, and two cookies of which one is good",
            fails = "a key goes before a cookie, and what is wrong is not made good by what comes after it")
    void aWrongKeyIsNotMadeGood() throws IOException {
        String cookie = login(Front.ALICE);
        for (String header : List.of("Bearer wrong-key-0123456789", "Basic YWxpY2U6eA==", "")) {
            assertThat(front.get("/v1/videos", "Authorization", header, "Cookie", cookie)
                            .statusCode())
                    .as(header)
                    .isEqualTo(401);
        }
        assertThat(front.get("/v1/videos", "Cookie", "cogvideo_session=bob~99999999999~x; " + cookie)
                        .statusCode())
                .isIn(200, 401);
        assertThat(Front.json(front.get("/v1/session", "Cookie", "cogvideo_session=bob~99999999999~x; " + cookie))
                        .path("name")
                        .asString(""))
                .isNotEqualTo("bob");
    }

    @Test
    @Attack(
            name = "login-guessing",
            tries = "key after key at the page's login, or one of a megabyte",
            fails = "the login has the same bound as every other request, and a key 512 characters")
    void loginIsSlowToo() throws IOException {
        assertThat(front.post("/v1/session", "{\"key\":\"" + "k".repeat(1_000_000) + "\"}")
                        .statusCode())
                .isEqualTo(400);
        int status = 401;
        for (int tries = 0; status == 401 && tries < 100; tries++) {
            status = front.post("/v1/session", "{\"key\":\"guess-" + tries + "\"}")
                    .statusCode();
        }
        assertThat(status).isEqualTo(429);
    }
}
