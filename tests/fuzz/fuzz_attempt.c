/* fuzz_attempt.c -- a line as a state, the rest as a Cookie header in which "SEALED" stands for the cookie of an attempt that began now, and
 * "NAME" for its name. Only that cookie with its own state is good; the rest sealed as an attempt's text is no reason to fall over. */
#include "fuzz.h"
#include "login/attempt.h"
#include "text/doc.h"
#include "text/encode.h"

static const char master[] = "a fuzzing key, never used for it";
static const struct slice prefix = LIT_INIT("__Host-vestibule-tx-");
enum {
    NOW = 1800000000
};

static void put(struct buf *to, struct slice text, struct slice name, struct slice sealed)
{
    while (text.len != 0) {
        struct slice word = slice_starts(text, LIT("NAME"))     ? name
                            : slice_starts(text, LIT("SEALED")) ? sealed
                                                                : (struct slice){0};
        buf_add(to, word.len != 0 ? word : slice_upto(text, 1));
        text = slice_from(text, word.len == 0 ? 1 : word.at == name.at ? 4 : 6);
    }
}

/* Sealed with our key, but any text inside: an older or newer gateway's. */
static void strange(struct arena *a, const struct keyring *keys, const struct attempt *mine, struct slice text)
{
    struct attempt found;
    struct slice name = attempt_cookie_name(a, prefix, mine), at;
    struct slice sealed = base64url_encode(a, keyring_seal(keys, a, LIT("attempt"), name, text));
    const struct slice parts[] = {name, LIT("="), sealed};
    (void)attempt_find(a, keys, prefix, arena_join(a, parts, 3), mine->state, NOW, &found, &at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *keys;
    if (keys == NULL) {
        doc_init();
        struct secret s = secret_copy(slice_of(master));
        keys = keyring_open(&s, 1);
        secret_close(&s);
    }
    if (size > 32 * 1024) return 0;
    AUTO(arena_closep) struct arena *a = arena_open(16 << 20);
    struct slice rest = fuzz_slice(data, size), state = {0};
    const struct attempt mine = {.state = LIT("0123456789abcdefghijABCDEFGHIJ0123456789abc"),
                                 .nonce = LIT("n"),
                                 .verifier = LIT("v"),
                                 .provider = LIT("op"),
                                 .return_url = LIT("/"),
                                 .began_s = NOW};
    struct slice name = attempt_cookie_name(a, prefix, &mine);
    struct slice sealed = attempt_seal(a, keys, name, &mine);
    strange(a, keys, &mine, slice_upto(rest, 2048));
    (void)slice_cut(&rest, '\n', &state);
    if (slice_is(state, LIT("STATE"))) state = mine.state;
    AUTO(buf_close) struct buf header = buf_open(64 * 1024);
    put(&header, rest, name, sealed);
    struct slice cookies = buf_slice(&header), *surplus = NULL, at = {0};
    struct attempt found = {0};
    enum attempt_found said = attempt_find(a, keys, prefix, cookies, state, NOW, &found, &at);
    if (said == ATTEMPT_GOOD) {
        must(slice_is(state, mine.state) && slice_is(found.state, mine.state));
        must(slice_is(at, name) && slice_is(found.return_url, mine.return_url));
    }
    size_t count = attempt_surplus(a, prefix, cookies, &surplus);
    for (size_t i = 0; i < count; i++)
        must(slice_starts(surplus[i], prefix));
    return 0;
}
