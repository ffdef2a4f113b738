#include "login/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/random.h"
#include "text/doc.h"
#include "text/encode.h"
#include "text/json.h"

#include "base/now.h"

enum {
    TIME_CHARACTERS = 7,   /* base32: 35 bits of seconds, until the year 3058 */
    STATE_CHARACTERS = 10, /* 60 bits: enough to tell a browser's attempts apart */
    SEALED_MAX = 4096,     /* what browsers keep per cookie */
    PLAIN_MAX = 64 * 1024, /* configured names and addresses are far shorter */
    COOKIES_LOOKED_AT = 32 /* attempt cookies of one browser that are considered at all */
};

static const struct slice purpose = LIT_INIT("attempt");

void attempt_begin(struct arena *a, int64_t now_s, struct attempt *ret_attempt)
{
    *ret_attempt = (struct attempt){.state = random_text(a, 32),
                                    .nonce = random_text(a, 32),
                                    .verifier = random_text(a, 32),
                                    .began_s = now_s,
                                    .began_ms = 1000 * now_s + now_wall_ms() % 1000};
}

struct slice attempt_cookie_name(struct arena *a, struct slice prefix, const struct attempt *t)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char when[TIME_CHARACTERS];
    uint64_t s = (uint64_t)t->began_s;
    for (size_t i = TIME_CHARACTERS; i-- > 0; s >>= 5) {
        when[i] = digits[s & 31];
    }
    const struct slice parts[] = {
        prefix, {when, sizeof when},
         slice_upto(t->state, STATE_CHARACTERS)
    };
    return arena_join(a, parts, 3);
}

static void write_plain(struct buf *to, const struct attempt *t, struct slice return_url)
{
    struct json j = json_into(to);
    json_open_object(&j, NULL);
    json_string(&j, "state", t->state);
    json_string(&j, "nonce", t->nonce);
    json_string(&j, "verifier", t->verifier);
    json_string(&j, "provider", t->provider);
    json_string(&j, "issuer", t->issuer);
    json_string(&j, "client_id", t->client_id);
    json_string(&j, "redirect_uri", t->redirect_uri);
    json_string(&j, "return_url", return_url);
    if (t->token.len != 0) {
        json_string(&j, "token", t->token);
        json_string(&j, "token_secret", t->token_secret);
    }
    json_number(&j, "began", t->began_s);
    json_number(&j, "began_ms", t->began_ms);
    json_close_object(&j);
}

static bool browsers_keep(struct slice name, const struct buf *plain)
{
    return !plain->full && name.len + (plain->len + KEYRING_OVERHEAD + 2) / 3 * 4 < SEALED_MAX;
}

/* What a stranger chose for an address to return to must not make the cookie longer than browsers keep: then it is the front page. */
struct slice attempt_seal(struct arena *a, const struct keyring *keys, struct slice cookie_name,
                          const struct attempt *t)
{
    AUTO(buf_close) struct buf text = buf_open(PLAIN_MAX);
    write_plain(&text, t, t->return_url);
    if (!browsers_keep(cookie_name, &text)) {
        buf_clear(&text);
        write_plain(&text, t, LIT("/"));
    }
    must(!text.full); /* what is left is ours and the configuration's */
    return base64url_encode(a, keyring_seal(keys, a, purpose, cookie_name, buf_slice(&text)));
}

static bool open_sealed(struct arena *a, const struct keyring *keys, const struct cookie *c,
                        struct attempt *ret_attempt)
{
    struct slice sealed, plain;
    struct doc *d;
    if (c->value.len > SEALED_MAX || !base64url_decode(a, c->value, &sealed)) return false;
    if (keyring_open_sealed(keys, a, purpose, c->name, sealed, &plain) != NULL) return false;
    if (doc_json(a, PROBLEM_ATTEMPT_UNKNOWN, plain, &d) != NULL) return false;
    const struct doc *began = doc_member(d, LIT("began"));
    struct attempt t = {.state = doc_string(d, LIT("state")),
                        .nonce = doc_string(d, LIT("nonce")),
                        .verifier = doc_string(d, LIT("verifier")),
                        .provider = doc_string(d, LIT("provider")),
                        .issuer = doc_string(d, LIT("issuer")),
                        .client_id = doc_string(d, LIT("client_id")),
                        .redirect_uri = doc_string(d, LIT("redirect_uri")),
                        .return_url = doc_string(d, LIT("return_url")),
                        .token = doc_string(d, LIT("token")),
                        .token_secret = doc_string(d, LIT("token_secret"))};
    if (began == NULL || !doc_whole(began, &t.began_s)) return false;
    began = doc_member(d, LIT("began_ms"));
    if (began == NULL || !doc_whole(began, &t.began_ms)) return false;
    *ret_attempt = t;
    return true;
}

static bool is_attempt_of(const struct cookie *c, struct slice prefix, struct slice state)
{
    struct slice tail = slice_from(c->name, prefix.len + TIME_CHARACTERS);
    return slice_starts(c->name, prefix) && tail.len == STATE_CHARACTERS &&
           slice_is(tail, slice_upto(state, STATE_CHARACTERS));
}

enum attempt_found attempt_find(struct arena *a, const struct keyring *keys, struct slice prefix, struct slice cookies,
                                struct slice state, int64_t now_s, struct attempt *ret_attempt,
                                struct slice *ret_cookie_name)
{
    enum attempt_found found = ATTEMPT_NO_COOKIES;
    struct slice family = slice_upto(prefix, prefix.len - strlen("tx-"));
    struct cookie c;
    if (state.len == 0 || state.len > ATTEMPT_STATE_MAX) return ATTEMPT_NONE;
    while (cookie_next(&cookies, &c)) {
        if (!slice_starts(c.name, slice_upto(family, family.len - 1))) continue;
        if (found == ATTEMPT_NO_COOKIES) found = ATTEMPT_NONE;
        if (!is_attempt_of(&c, prefix, state)) continue;
        struct attempt t;
        if (!open_sealed(a, keys, &c, &t)) return ATTEMPT_FORGED;
        if (t.state.len != state.len || !digest_same(t.state.at, state.at, state.len)) {
            return ATTEMPT_FORGED;
        }
        *ret_cookie_name = c.name;
        if (t.began_s < now_s - ATTEMPT_AGE_S || t.began_s > now_s + ATTEMPT_SKEW_S) {
            return ATTEMPT_OLD;
        }
        *ret_attempt = t;
        return ATTEMPT_GOOD;
    }
    return found;
}

/* A name we could have given: it goes back to the browser in a Set-Cookie line, and this one came from there. */
static bool is_name_of_ours(struct slice name, struct slice prefix)
{
    if (!slice_starts(name, prefix) || name.len != prefix.len + TIME_CHARACTERS + STATE_CHARACTERS) return false;
    for (size_t i = prefix.len; i < name.len; i++) {
        char c = name.at[i];
        bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!word) return false;
    }
    return true;
}

static int by_age(const void *x, const void *y)
{
    const struct cookie *a = x, *b = y;
    return slice_compare(a->name, b->name);
}

size_t attempt_surplus(struct arena *a, struct slice prefix, struct slice cookies, struct slice **ret_names)
{
    struct cookie *found = arena_array(a, struct cookie, COOKIES_LOOKED_AT);
    struct slice *names = arena_array(a, struct slice, COOKIES_LOOKED_AT);
    size_t count = 0, kept = 0, bytes = 0;
    struct cookie c;
    while (count < COOKIES_LOOKED_AT && cookie_next(&cookies, &c)) {
        if (is_name_of_ours(c.name, prefix)) found[count++] = c;
    }
    qsort(found, count, sizeof found[0], by_age);
    for (; kept < count && kept < ATTEMPTS_PER_BROWSER - 1; kept++) { /* the newest stand last */
        const struct cookie *newest = &found[count - 1 - kept];
        bytes += newest->name.len + newest->value.len;
        if (bytes > ATTEMPTS_BYTES) break;
    }
    for (size_t i = 0; i < count - kept; i++)
        names[i] = found[i].name;
    *ret_names = names;
    return count - kept;
}

struct slice attempt_claim_key(struct arena *a, const struct attempt *t)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    digest_sha256(t->state, digest);
    struct slice hash = base64url_encode(a, (struct slice){(const char *)digest, sizeof digest});
    const struct slice parts[] = {LIT("a:"), hash};
    return arena_join(a, parts, 2);
}
