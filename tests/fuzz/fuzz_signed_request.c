/* fuzz_signed_request.c -- any bytes as a platform's word: nobody who has not the secret is believed, and what is believed names somebody and is young.
 * The first byte says which half is tried: the bytes as they are, or as a payload that is signed properly. */
#include "crypto/digest.h"
#include "fuzz.h"
#include "provider/signed_request.h"
#include "text/encode.h"

enum {
    NOW = 1700000000,
    AGE = 3600
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct descriptor_event event = {
        .given = true, .subject = LIT_INIT("/user_id"), .issued_at = LIT_INIT("/issued_at"), .max_age_s = AGE};
    if (size == 0 || size > 32 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(32 << 20);
    struct slice rest = slice_from(fuzz_slice(data, size), 1), text = rest, secret = LIT("a secret that nobody has");
    struct doc *payload = NULL;
    bool proper = data[0] % 2 == 1;
    if (proper) {
        unsigned char mac[DIGEST_SHA256_BYTES];
        struct slice part = base64url_encode(a, rest);
        digest_hmac_sha256(secret, part, mac);
        struct slice first = base64url_encode(a, (struct slice){(const char *)mac, sizeof mac});
        text = arena_join(a, (struct slice[]){first, LIT("."), part}, 3);
    }
    const struct err *e = signed_request_open(a, secret_in(a, secret), text, &payload);
    if (e != NULL) {
        must(e->problem == PROBLEM_BAD_REQUEST);
        return 0;
    }
    must(proper);
    struct signed_request r;
    if (signed_request_judge(a, &event, payload, NOW, &r) != NULL) return 0;
    must(r.subject.len != 0 && r.subject.len <= SIGNED_REQUEST_SUBJECT_MAX);
    must(r.until_s > NOW && r.until_s <= NOW + AGE + 2 * SIGNED_REQUEST_SKEW_S);
    return 0;
}
