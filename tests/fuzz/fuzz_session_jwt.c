/* fuzz_session_jwt.c -- any bytes as a session token; what is accepted carries our MAC over exactly what was sent. */
#include "crypto/digest.h"
#include "crypto/session_jwt.h"
#include "text/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The corpus was made with this key and this issuer. */
static const char master[] = "a fuzzing key, never used for it";

static void must_be_ours(struct arena *a, const struct keyring *ring, struct slice token)
{
    unsigned char key[32], mac[32];
    must(token.len > 44 && token.at[token.len - 44] == '.');
    keyring_purpose_key(ring, 0, LIT("session-jwt"), key);
    digest_hmac_sha256((struct slice){(const char *)key, 32}, slice_upto(token, token.len - 44), mac);
    struct slice text = base64url_encode(a, (struct slice){(const char *)mac, 32});
    must(slice_is(text, slice_from(token, token.len - 43)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct keyring *ring;
    static struct session_jwt *jwt;
    if (jwt == NULL) {
        struct secret s = secret_copy(slice_of(master));
        ring = keyring_open(&s, 1);
        jwt = session_jwt_open(ring, LIT("https://auth.example.org"));
        secret_close(&s);
    }
    struct arena *a = arena_open(1 << 20);
    struct session_claims claims;
    struct slice token = {(const char *)bytes, len};
    const struct err *why = session_jwt_read(jwt, a, token, 1750000000, &claims);
    if (why == NULL) {
        must_be_ours(a, ring, token);
        must(claims.sid.len == 43 && claims.exp > 1750000000);
    } else {
        must(why->problem == PROBLEM_SESSION_ENDED);
    }
    arena_close(a);
    return 0;
}
